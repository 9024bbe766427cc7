-- patch, patchAsBearer: set and delete single attributes, and count a write. patchAsBearer also renews the session.
--
-- KEYS  the session, its attributes
-- ARGV  patchAsBearer: secretHash first
--       number of attributes to set, key and JSON of each, number of attributes to delete, the key of each
-- Reply patch: {1, record} or a refusal
--       patchAsBearer: {1, record, 1 if it had been away, time of the previous activity} or a refusal

-- Returns the attributes to set, keys and values alternating, and the keys to delete.
local function takePatch()
  local set, deleted = {}, {}
  for each = 1, 2 * takeNumber() do
    set[each] = take()
  end
  for each = 1, takeNumber() do
    deleted[each] = take()
  end
  return set, deleted
end

local function patch(entry, attributesKey, set, deleted)
  local fields = entry.fields
  setAttributes(attributesKey, set)
  if #set > 0 then
    fields[$hasAttributes] = 1
    keepNew(attributesKey, fields[$keepUntil])
  end
  for each = 1, #deleted do
    call('HDEL', attributesKey, deleted[each])
  end
  if #deleted > 0 and fields[$hasAttributes] == 1 then
    fields[$hasAttributes] = call('EXISTS', attributesKey)
  end
  fields[$writes] = fields[$writes] + 1
  messages.dropAged(entry)
  sessions.save(entry)
  notices.sessionChanged(entry.key)
end

operations.patch = function()
  local key, attributesKey = takeKey(), takeKey()
  local set, deleted = takePatch()
  local entry, refused = sessions.live(key)
  refused = refused or sessions.refusePatch(entry, set, deleted)
  if refused then
    return refused
  end
  patch(entry, attributesKey, set, deleted)
  return { 1, sessions.record(entry) }
end

operations.patchAsBearer = function()
  local key, attributesKey, secretHash = takeKey(), takeKey(), take()
  local set, deleted = takePatch()
  local entry, refused = sessions.proven(key, secretHash)
  refused = refused or sessions.refusePatch(entry, set, deleted)
  if refused then
    return refused
  end
  local cameOnline, previousTime = sessions.renew(entry, true)
  patch(entry, attributesKey, set, deleted)
  return { 1, sessions.record(entry), cameOnline, previousTime }
end
