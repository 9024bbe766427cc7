-- replace: the new session takes the old one's attributes where it has none of its own, and its messages ahead of its
-- own; the old one is closed.
--
-- KEYS  the new session, the old one. On a Cluster both must be of one bucket; see handover.lua
-- Reply {1, record of the new one, the old one as closed} or a refusal

-- Attributes and messages of a session, in two lists.
local function belongings(entry)
  local fields = entry.fields
  messages.dropAged(entry)
  local attributes = fields[$hasAttributes] == 1 and call('HGETALL', siblingOf(entry.key, 'a')) or {}
  local elements = fields[$epoch] and call('LRANGE', messages.key(entry), 0, -1) or {}
  return attributes, elements
end

-- Returns how many messages did not fit.
local function inherit(entry, attributes, elements)
  local fields = entry.fields
  local attributesKey = siblingOf(entry.key, 'a')
  for each = 1, #attributes, 2 do
    call('HSETNX', attributesKey, attributes[each], attributes[each + 1])
  end
  if #attributes > 0 and fields[$hasAttributes] == 0 then
    fields[$hasAttributes] = 1
    call('PEXPIREAT', attributesKey, fields[$keepUntil])
  end
  messages.dropAged(entry)
  local left = 0
  if #elements > 0 then
    left = mailboxes.takeOver(entry, elements)
  end
  sessions.save(entry)
  notices.tellChanged(entry.key)
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
  local left = inherit(entry, belongings(old))
  local closed = close(old, 'replaced')
  closed[4] = left
  return { 1, sessions.record(entry), closed }
end
