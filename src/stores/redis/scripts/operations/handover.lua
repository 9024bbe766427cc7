-- offer, inherit, surrender, withdraw: `replace` between two buckets of a Cluster, which no single script can access. The
-- old session offers its content to one receiver, the new session inherits a copy, and the old session is closed. If the
-- node dies in between, both stay alive and messages are delivered twice; none is lost.
--
-- KEYS  offer, surrender, withdraw: the old session
--       inherit: the new session
-- ARGV  offer: the id of the new session
--       inherit: number of attributes, key and JSON of each, number of messages, each as it was stored
--       surrender: epoch and tail of the offer, how many of its messages did not fit
-- Reply offer: {1, attributes, messages, epoch, tail} or {'claimed'} by another receiver, or a refusal
--       inherit: {1, record, how many did not fit} or a refusal
--       surrender: {1, the old session as closed, messages appended since the offer} or a refusal
--       withdraw: {1}

local function claimKey(key)
  return siblingOf(key, '$claimKey')
end

operations.offer = function()
  local key, receiver = takeKey(), take()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  local claim = claimKey(key)
  if not call('SET', claim, receiver, 'NX', 'PX', $claimTimeMs) and call('GET', claim) ~= receiver then
    return { 'claimed' }
  end
  local attributes, elements = sessions.attributes(entry), elementsOf(entry)
  -- Aged messages may have been dropped.
  sessions.save(entry)
  return { 1, attributes, elements, entry.fields[$epoch] or '', entry.fields[$tail] or 0 }
end

operations.inherit = function()
  local key = takeKey()
  local attributes, elements = {}, {}
  for each = 1, 2 * takeNumber() do
    attributes[each] = take()
  end
  for each = 1, takeNumber() do
    elements[each] = take()
  end
  local entry, refused = sessions.live(key)
  refused = refused or sessions.refuseInherited(entry, attributes)
  if refused then
    return refused
  end
  local left = inherit(entry, attributes, elements)
  return { 1, sessions.record(entry), left }
end

operations.surrender = function()
  local key, epoch, offset, left = takeKey(), take(), takeNumber(), takeNumber()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  local since = {}
  local fields = entry.fields
  if fields[$epoch] then
    since = messages.beyond(entry, fields[$epoch] == epoch and offset or 0, fields[$count])
  end
  call('DEL', claimKey(key))
  local closed = close(entry, 'replaced')
  closed[4] = left
  return { 1, closed, since }
end

operations.withdraw = function()
  call('DEL', claimKey(takeKey()))
  return { 1 }
end
