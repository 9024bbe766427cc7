-- rotate: replaces the secret. The old secret does not open the session any more. The polls and streams that it opened
-- end, unless they are kept.
--
-- KEYS  the session
-- ARGV  the new secretHash, 1 to keep open polls and streams, else 0
-- Reply {1, record} or a refusal

local function rotate(entry, secretHash, keepsOpen)
  local fields = entry.fields
  local key = entry.key
  sessions.replaceSecret(entry, secretHash)
  if keepsOpen == 0 then
    fields[$generation] = fields[$generation] + 1
    if isParked(fields) then
      mailboxes.wake(entry, 'r:' .. nameOf(key) .. ':' .. format('%.0f', fields[$generation]))
    end
  end
  messages.dropAged(entry)
  sessions.save(entry)
  notices.sessionChanged(key, 'r:' .. fields[$accountId])
  return sessions.record(entry)
end

operations.rotate = function()
  local key, secretHash, keepsOpen = takeKey(), take(), takeNumber()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  return { 1, rotate(entry, secretHash, keepsOpen) }
end

-- rotateAndEndOthers: rotates, keeps nothing open, and closes all other live sessions of the account.
--
-- KEYS  the session, the app's index of this bucket
-- ARGV  the account's score, accountId, the new secretHash
-- Also accesses, with the same hash tag: the account's other sessions, whose names are in the index.
-- Reply {1, record, closed sessions} or a refusal

operations.rotateAndEndOthers = function()
  local key, index = takeKey(), takeKey()
  local accountScore, accountId, secretHash = take(), take(), take()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  if entry.fields[$accountId] ~= accountId then
    return { 'unknown', '' }
  end
  local closed = {}
  for _, other in ipairs(sessions.liveOfAccount(index, accountScore, accountId)) do
    if other.key ~= key then
      closed[#closed + 1] = close(other, 'revoked')
    end
  end
  return { 1, rotate(entry, secretHash, 0), closed }
end
