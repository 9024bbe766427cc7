-- rotate: replaces the secret; the old one opens the session no longer.
--
-- KEYS  the session
-- ARGV  the new secretHash
-- Reply {1, record} or a refusal

operations.rotate = function()
  local key, secretHash = takeKey(), take()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  entry.fields[$secretHash] = secretHash
  notices.sessionChanged(key)
  messages.dropAged(entry)
  sessions.save(entry)
  return { 1, sessions.record(entry) }
end
