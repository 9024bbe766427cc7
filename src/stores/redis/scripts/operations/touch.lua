-- touch: records a contact. Also records activity and sets another ttl if requested.
--
-- KEYS  the session
-- ARGV  1 if it is activity, another ttl or 0
-- Reply {1, record, 1 if it had been away, time of the previous activity} or a refusal

-- The sweep must find the session no later than its deadline. If the sweep finds it too early, it moves the entry.
local function setTtl(entry, ttl)
  local fields = entry.fields
  local shorter = ttl < fields[$ttl]
  fields[$ttl] = ttl
  if shorter then
    local due = baseOf(entry.key) .. '$dueKey'
    call('ZADD', due, deadlineOf(fields), nameOf(entry.key))
    extend(due, fields[$keepUntil])
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
