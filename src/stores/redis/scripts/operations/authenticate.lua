-- authenticate: checks the secret, counts a read, and renews the session.
--
-- KEYS  the session
-- ARGV  secretHash
-- Reply {1, record, 1 if it had been away, time of the previous activity} or a refusal

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
