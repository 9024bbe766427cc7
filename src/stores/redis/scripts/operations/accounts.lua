-- endAccount, listAccount, appendToAccount: operations on all live sessions of one account.
--
-- KEYS  the app's index of this bucket
-- ARGV  the account's score, accountId, and for
--       endAccount: reason, the id to keep or ''
--       appendToAccount: message key or '', JSON
-- Also accesses, with the same hash tag: the account's sessions, whose names are in the index.
-- Reply {1, closed sessions} or {1, records} or {1, outcomes}

operations.endAccount = function()
  local index, accountScore, accountId, reason, except = takeKey(), take(), take(), take(), take()
  local closed = {}
  for _, entry in ipairs(sessions.liveOfAccount(index, accountScore, accountId)) do
    if sub(entry.key, -24) ~= except then
      closed[#closed + 1] = close(entry, reason)
    end
  end
  return { 1, closed }
end

operations.listAccount = function()
  local index, accountScore, accountId = takeKey(), take(), take()
  local records = {}
  for _, entry in ipairs(sessions.liveOfAccount(index, accountScore, accountId)) do
    if messages.dropAged(entry) then
      sessions.save(entry)
    end
    records[#records + 1] = sessions.listed(entry)
  end
  return { 1, records }
end

operations.appendToAccount = function()
  local index, accountScore, accountId = takeKey(), take(), take()
  local messageKey, json = take(), take()
  local outcomes = {}
  for _, entry in ipairs(sessions.liveOfAccount(index, accountScore, accountId)) do
    outcomes[#outcomes + 1] = append(entry, messageKey, json)
  end
  return { 1, outcomes }
end
