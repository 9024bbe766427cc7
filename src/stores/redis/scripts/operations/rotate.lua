-- rotate: replaces the secret; the old one opens the session no longer, and what it opened ends unless it is kept.
--
-- KEYS  the session
-- ARGV  the new secretHash, 1 to keep open what is open, else 0
-- Reply {1, record} or a refusal

operations.rotate = function()
  local key, secretHash, keepsOpen = takeKey(), take(), takeNumber()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  local fields = entry.fields
  fields[$secretHash] = secretHash
  if keepsOpen == 0 then
    fields[$generation] = fields[$generation] + 1
    if isParked(fields) then
      mailboxes.wake(entry, 'r:' .. nameOf(key) .. ':' .. format('%.0f', fields[$generation]))
    end
  end
  notices.sessionChanged(key, 'r:' .. fields[$accountId])
  messages.dropAged(entry)
  sessions.save(entry)
  return { 1, sessions.record(entry) }
end
