-- get: returns the record of a session. Counts neither as activity nor as contact.
--
-- KEYS  the session
-- Reply {1, record} or a refusal

operations.get = function()
  local entry, refused = sessions.live(takeKey())
  if not entry then
    return refused
  end
  if messages.dropAged(entry) then
    sessions.save(entry)
  end
  return { 1, sessions.record(entry) }
end
