-- reauthenticate: records that the user has just proven their identity.
--
-- KEYS  the session
-- ARGV  the level of the proof, or -1 to keep the level
-- Reply {1, record} or a refusal

operations.reauthenticate = function()
  local key, level = takeKey(), takeNumber()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  local amendments = sessions.amend(entry)
  amendments[$authenticatedAt] = now
  if level >= 0 then
    amendments[$level] = level
  end
  messages.dropAged(entry)
  sessions.save(entry)
  return { 1, sessions.record(entry) }
end
