-- touch: contact now, and as much of a renewal as is asked for.
--
-- KEYS  the session
-- ARGV  1 if it is activity, another ttl or 0
-- Reply {1, record, whether it had been away, the activity before} or a refusal

-- It must be found in the index no later than it is due; too early is put right then.
local function setTtl(entry, ttl)
  local fields = entry.fields
  local shorter = ttl < fields[$ttl]
  fields[$ttl] = ttl
  if shorter then
    call('ZADD', baseOf(entry.key) .. 'due', sessions.deadline(fields), nameOf(entry.key))
  end
end

operations.touch = function()
  local key, isActivity, ttl = takeKey(), take() == '1', takeNumber()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  local cameOnline, previousTime = sessions.renew(entry, isActivity)
  if ttl > 0 then
    setTtl(entry, ttl)
  end
  messages.dropAged(entry)
  sessions.save(entry)
  return { 1, sessions.record(entry), cameOnline, previousTime }
end
