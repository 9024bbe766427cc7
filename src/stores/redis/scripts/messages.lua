-- The retained messages of a session, oldest first: a list of `<offset>:<at>:<key>\n<json>`. The session's fields hold
-- their `count`, their `bytes`, how many are `keyed`, the `newest` offset (never too low), whether there are `gaps`
-- between offsets, and `agesMixed`: whether an older message may follow a younger one.

local messages = {}

local elementPattern = '^(%d+):(%d+):([^\n]*)\n()'

function messages.key(entry)
  return siblingOf(entry.key, '$messagesKey')
end

-- Counts the messages again: the server's eviction policy may have deleted the list.
local function recount(entry)
  local fields = entry.fields
  local elements = call('LRANGE', messages.key(entry), 0, -1)
  fields[$count] = #elements
  fields[$bytes] = 0
  fields[$keyed] = 0
  for index = 1, #elements do
    local offset, _, key, start = match(elements[index], elementPattern)
    fields[$newest] = tonumber(offset)
    fields[$bytes] = fields[$bytes] + #elements[index] - start + 1
    fields[$keyed] = fields[$keyed] + (key ~= '' and 1 or 0)
  end
end

local function forget(entry, element)
  local fields = entry.fields
  local _, _, key, start = match(element, elementPattern)
  fields[$count] = fields[$count] - 1
  fields[$bytes] = fields[$bytes] - (#element - start + 1)
  if key ~= '' then
    fields[$keyed] = fields[$keyed] - 1
    call('HDEL', siblingOf(entry.key, '$keyedMessagesKey'), key)
  end
end

function messages.clear(entry)
  local fields = entry.fields
  call('DEL', messages.key(entry))
  if fields[$keyed] > 0 then
    call('DEL', siblingOf(entry.key, '$keyedMessagesKey'))
  end
  fields[$count] = 0
  fields[$bytes] = 0
  fields[$keyed] = 0
  fields[$gaps] = 0
  fields[$agesMixed] = 0
end

function messages.dropOldest(entry, number)
  if number >= entry.fields[$count] then
    messages.clear(entry)
    return
  end
  local elements = call('LPOP', messages.key(entry), number) or {}
  if #elements < number then
    recount(entry)
    return
  end
  for index = 1, #elements do
    forget(entry, elements[index])
  end
end

-- Returns the offset and the text of the message at this index; nil when the list is shorter than counted.
local function offsetAt(entry, index)
  local element = call('LINDEX', messages.key(entry), index)
  if not element then
    return nil
  end
  return tonumber(match(element, '^%d+')), element
end

-- Returns the index, from 0, of the first retained message beyond `offset`; `count` if there is none.
local indexBeyond
indexBeyond = function(entry, offset)
  local fields = entry.fields
  local count = fields[$count]
  if count == 0 or offset >= fields[$newest] then
    return count
  end
  local low = max(0, count - (fields[$newest] - offset))
  if fields[$gaps] == 0 then
    return low
  end
  low = 0
  local high = count
  while low < high do
    local middle = floor((low + high) / 2)
    local found = offsetAt(entry, middle)
    if not found then
      recount(entry)
      return indexBeyond(entry, offset)
    end
    if found <= offset then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

-- Drops the messages up to the offset.
function messages.dropUpTo(entry, offset)
  local number = indexBeyond(entry, offset)
  if number > 0 then
    messages.dropOldest(entry, number)
  end
end

-- Whether a message retained at the offset or beyond it was accepted at that time.
function messages.isTimeFrom(entry, offset, at)
  local elements = call('LRANGE', messages.key(entry), indexBeyond(entry, offset - 1), -1)
  for index = 1, #elements do
    if tonumber(match(elements[index], '^%d+:(%d+)')) == at then
      return true
    end
  end
  return false
end

-- Returns the offset of the oldest retained message, and when it was accepted; nil when there is none.
function messages.oldest(entry)
  if entry.fields[$count] == 0 then
    return nil
  end
  local offset, element = offsetAt(entry, 0)
  if not offset then
    recount(entry)
    return nil
  end
  return offset, tonumber(match(element, '^%d+:(%d+)'))
end

-- Returns at most `limit` messages beyond `offset`, and whether there are no more.
function messages.beyond(entry, offset, limit)
  local count = entry.fields[$count]
  local start = indexBeyond(entry, offset)
  if start == count then
    return {}, true
  end
  local elements = call('LRANGE', messages.key(entry), start, start + limit - 1)
  if #elements == 0 then
    recount(entry)
    return messages.beyond(entry, offset, limit)
  end
  return elements, start + #elements >= count
end

local function remove(entry, element)
  local fields = entry.fields
  if fields[$count] == 1 then
    messages.clear(entry)
    return
  end
  -- Search from the tail, because replaced messages are mostly recent.
  call('LREM', messages.key(entry), -1, element)
  forget(entry, element)
  fields[$gaps] = 1
end

-- Returns the offset and the text of the retained message with this key, or nil.
function messages.keyed(entry, key)
  if key == '' or entry.fields[$keyed] == 0 then
    return nil
  end
  local offset = tonumber(call('HGET', siblingOf(entry.key, '$keyedMessagesKey'), key) or nil)
  if not offset then
    return nil
  end
  local found, element = offsetAt(entry, indexBeyond(entry, offset - 1))
  if found ~= offset then
    return nil
  end
  return offset, element
end

function messages.replace(entry, offset, element)
  local fields = entry.fields
  remove(entry, element)
  runs.add(fields[$replaced], offset)
end

function messages.retain(entry, offset, at, key, json)
  local fields = entry.fields
  local element = offset .. ':' .. at .. ':' .. key .. '\n' .. json
  local listKey = messages.key(entry)
  local length = call('RPUSH', listKey, element)
  if length == 1 then
    call('PEXPIREAT', listKey, fields[$keepUntil])
  end
  fields[$count] = fields[$count] + 1
  fields[$bytes] = fields[$bytes] + #json
  fields[$newest] = offset
  if key ~= '' then
    local keyedKey = siblingOf(entry.key, '$keyedMessagesKey')
    call('HSET', keyedKey, key, offset)
    keepNew(keyedKey, fields[$keepUntil])
    fields[$keyed] = fields[$keyed] + 1
  end
  if length ~= fields[$count] then
    -- Messages of the list were deleted. With the old count, the index of this message would be beyond the end of the
    -- list.
    recount(entry)
  end
  return element
end

local function isTooOld(element)
  return tonumber(match(element, '^%d+:(%d+)')) + $messageTtl <= now
end

-- Drops messages that are too old. Returns whether there were any.
function messages.dropAged(entry)
  local fields = entry.fields
  if $messageTtl == 0 or not fields[$epoch] then
    return false
  end
  local count = fields[$count]
  while fields[$count] > 0 do
    local _, element = offsetAt(entry, 0)
    if not element then
      recount(entry)
      break
    end
    if not isTooOld(element) then
      break
    end
    messages.dropOldest(entry, 1)
  end
  if fields[$agesMixed] == 1 then
    for _, element in ipairs(call('LRANGE', messages.key(entry), 0, -1)) do
      if isTooOld(element) then
        remove(entry, element)
      end
    end
  end
  return fields[$count] < count
end
