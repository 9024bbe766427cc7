-- append, appendToEach: append a message to mailboxes, and wake their parked readers.
--
-- KEYS  append: the session
--       appendToEach: the sessions
-- ARGV  append: message key or '', JSON
--       appendToEach: number of sessions, message key or '', JSON
-- Reply append: {1, outcome} or a refusal
--       appendToEach: {1, outcomes of the live sessions}

-- Returns name, account, verdict, number of dropped messages, and number of undelivered messages of a closed session.
local function append(entry, messageKey, json)
  mailboxes.ensure(entry)
  local fields = entry.fields
  local name = nameOf(entry.key)
  local before = fields[$tailProof]
  messages.dropAged(entry)
  local verdict, dropped, element = mailboxes.append(entry, messageKey, json, now, '$onOverflow')
  if verdict == 'close' then
    local closed = close(entry, 'overflow')
    return { name, fields[$accountId], verdict, dropped, closed[4] }
  end
  if verdict ~= 'full' and isParked(fields) then
    local text = 'c:' .. name
    if element then
      text = 'a:' .. name .. ':' .. fields[$epoch] .. ':' .. format('%.0f', before) .. ':' .. element
    end
    mailboxes.wake(entry, text, element)
  end
  sessions.save(entry)
  return { name, fields[$accountId], verdict, dropped, 0 }
end

operations.append = function()
  local key, messageKey, json = takeKey(), take(), take()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  return { 1, append(entry, messageKey, json) }
end

operations.appendToEach = function()
  local number, messageKey, json = takeNumber(), take(), take()
  local keys, outcomes = {}, {}
  -- Take all keys first: even if this operation fails midway, the next call must find its own keys.
  for each = 1, number do
    keys[each] = takeKey()
  end
  for each = 1, number do
    local _, entry, isLive = sessions.examine(keys[each])
    if isLive then
      outcomes[#outcomes + 1] = append(entry, messageKey, json)
    end
  end
  return { 1, outcomes }
end
