-- replace: the new session takes over the old session's attributes whose keys it does not have, and inserts the old
-- session's messages before its own. The old session is closed.
--
-- KEYS  the new session, the old session; on a Cluster both must be in one bucket (see handover.lua)
-- Reply {1, record of the new session, the old session as closed} or a refusal

-- Returns the messages of a session. Drops aged messages, so the caller must save or close the session.
local function elementsOf(entry)
  messages.dropAged(entry)
  return entry.fields[$epoch] and call('LRANGE', messages.key(entry), 0, -1) or {}
end

-- Returns how many messages did not fit.
local function inherit(entry, attributes, elements)
  local fields = entry.fields
  local attributesKey = siblingOf(entry.key, '$attributesKey')
  for each = 1, #attributes, 2 do
    call('HSETNX', attributesKey, attributes[each], attributes[each + 1])
  end
  if #attributes > 0 then
    fields[$hasAttributes] = 1
    keepNew(attributesKey, fields[$keepUntil])
  end
  messages.dropAged(entry)
  local left = 0
  if #elements > 0 then
    left = mailboxes.takeOver(entry, elements)
  end
  sessions.save(entry)
  notices.sessionChanged(entry.key)
  return left
end

operations.replace = function()
  local newKey, oldKey = takeKey(), takeKey()
  local entry, refused = sessions.live(newKey)
  if not entry then
    return refused
  end
  local old, oldRefused = sessions.live(oldKey)
  if not old then
    return oldRefused
  end
  local attributes = sessions.attributes(old)
  local attributesRefused = sessions.refuseInherited(entry, attributes)
  if attributesRefused then
    return attributesRefused
  end
  local left = inherit(entry, attributes, elementsOf(old))
  local closed = close(old, 'replaced')
  closed[4] = left
  return { 1, sessions.record(entry), closed }
end
