-- authenticate: proves the bearer, counts a read and renews.
--
-- KEYS  the session
-- ARGV  secretHash
-- Reply {1, record, whether it had been away, the activity before} or a refusal

operations.authenticate = function()
  local entry, refused = sessions.proven(takeKey(), take())
  if not entry then
    return refused
  end
  entry.fields[$reads] = entry.fields[$reads] + 1
  local cameOnline, previousTime = sessions.renew(entry, true)
  messages.dropAged(entry)
  sessions.save(entry)
  return { 1, sessions.record(entry), cameOnline, previousTime }
end
