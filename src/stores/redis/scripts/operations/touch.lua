-- touch: activity and contact now.
--
-- KEYS  the session
-- Reply {1, record, whether it had been away, the activity before} or a refusal

operations.touch = function()
  local entry, refused = sessions.live(takeKey())
  if not entry then
    return refused
  end
  local cameOnline, previousTime = sessions.renew(entry)
  messages.dropAged(entry)
  sessions.save(entry)
  return { 1, sessions.record(entry), cameOnline, previousTime }
end
