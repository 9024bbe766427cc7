-- The mailbox within a session's fields: its messages and its readers. The rules are those of src/mailbox/mailbox-rules.ts,
-- which explains them: every offset up to the tail is retained, replaced or gone, and `lost` counts those that are gone.

local mailboxes = {}

-- A tag that no mailbox had before. Scripts get no true random numbers, so it is a hash of the name and the moment.
local function newEpoch(entry)
  local fields = entry.fields
  return sub(redis.sha1hex((fields[$epoch] or '') .. fields[$tail] .. entry.key .. micros), 1, 10)
end

-- Opens the mailbox if the session had none yet.
function mailboxes.ensure(entry)
  local fields = entry.fields
  if fields[$epoch] then
    return
  end
  fields[$tail] = 0
  fields[$epoch] = newEpoch(entry)
  fields[$taken] = 0
  fields[$count] = 0
  fields[$bytes] = 0
  fields[$newest] = 0
  fields[$gaps] = 0
  fields[$agesMixed] = 0
  fields[$keyed] = 0
  fields[$readers] = {}
  fields[$replaced] = {}
end

-- Removes the messages that every live reader has passed; none while no reader is live.
local function removeTaken(entry)
  local fields = entry.fields
  local readers = fields[$readers]
  local passed = math.huge
  local lowest = math.huge
  for index = 1, #readers do
    local reader = readers[index]
    lowest = min(lowest, reader[$cursor])
    if reader[$parkedUntil] ~= 0 or now - reader[$lastPoll] < $readerGrace then
      passed = min(passed, reader[$cursor])
    end
  end
  if passed == math.huge then
    return
  end
  messages.dropUpTo(entry, passed)
  fields[$taken] = max(fields[$taken], passed)
  -- No known reader asks about offsets below the lowest cursor any more.
  runs.forgetUpTo(fields[$replaced], min(lowest, fields[$taken]))
end

local function fits(fields, bytes, replacedBytes)
  local count = fields[$count]
  if replacedBytes then
    return count <= $msgMaxLength and fields[$bytes] - replacedBytes + bytes <= $mailboxMaxBytes
  end
  return count < $msgMaxLength and fields[$bytes] + bytes <= $mailboxMaxBytes
end

local function keyed(entry, key)
  local offset, element = messages.keyed(entry, key)
  if not offset then
    return nil
  end
  local _, finish = string.find(element, '\n', 1, true)
  return offset, element, #element - finish
end

local function accept(entry, key, json, at)
  local fields = entry.fields
  fields[$tail] = fields[$tail] + 1
  return messages.retain(entry, fields[$tail], at, key, json)
end

-- Returns the verdict, how many messages were dropped for the new one, and the message as it is stored.
function mailboxes.append(entry, key, json, at, onOverflow)
  local fields = entry.fields
  local bytes = #json
  messages.dropAged(entry)
  local offset, element, replacedBytes = keyed(entry, key)
  if not fits(fields, bytes, replacedBytes) then
    removeTaken(entry)
    offset, element, replacedBytes = keyed(entry, key)
  end
  if fits(fields, bytes, replacedBytes) then
    if offset then
      messages.replace(entry, offset, element)
    end
    return 'accepted', 0, accept(entry, key, json, at)
  end
  if onOverflow == 'reject' then
    return 'full', 0
  elseif onOverflow == 'close' then
    return 'close', 0
  elseif onOverflow == 'drop-newest' then
    fields[$tail] = fields[$tail] + 1
    fields[$gaps] = 1
    return 'dropped', 1
  end
  if offset then
    messages.replace(entry, offset, element)
  end
  local dropped = 0
  while fields[$count] > 0 and not fits(fields, bytes) do
    messages.dropOldest(entry, 1)
    dropped = dropped + 1
  end
  return 'accepted', dropped, accept(entry, key, json, at)
end

local function isMoreSilent(reader, other)
  local isParked = reader[$parkedUntil] ~= 0
  local otherIsParked = other[$parkedUntil] ~= 0
  if isParked == otherIsParked then
    return reader[$lastPoll] < other[$lastPoll]
  end
  return otherIsParked
end

-- Evicts the reader that has been silent for longest; a parked one, which is not silent, only when all are parked.
local function dropSilentest(readers)
  local silentest = 1
  for index = 2, #readers do
    if isMoreSilent(readers[index], readers[silentest]) then
      silentest = index
    end
  end
  return table.remove(readers, silentest)
end

function mailboxes.reader(entry, name)
  local readers = entry.fields[$readers] or {}
  for index = 1, #readers do
    if readers[index][$name] == name then
      return readers[index]
    end
  end
  return nil
end

-- The messages after the reader's cursor. `after` is 'oldest', 'known' (the cursor that the mailbox has of this reader) or
-- the epoch of the cursor `offset`. Returns the messages, the cursor after them, how many the reader lost, whether its
-- cursor did not fit (1 or 0), the reader, and the reader evicted to make room for it.
function mailboxes.read(entry, name, after, offset, limit)
  local fields = entry.fields
  messages.dropAged(entry)
  local reader = mailboxes.reader(entry, name)
  local reset = 0
  local from = fields[$taken]
  if after == 'known' then
    from = reader and reader[$cursor] or from
  elseif after ~= 'oldest' then
    if after == fields[$epoch] and offset <= fields[$tail] then
      from = offset
    else
      reset = 1
    end
  end
  local evicted
  if reader then
    reader[$cursor] = from
    reader[$lastPoll] = now
  else
    if #fields[$readers] >= $maxReader then
      evicted = dropSilentest(fields[$readers])
    end
    reader = { name, from, now, 0, '', 0 }
    table.insert(fields[$readers], reader)
  end
  removeTaken(entry)
  if from == fields[$tail] then
    return {}, from, 0, reset, reader, evicted
  end
  local elements, areRest = messages.beyond(entry, from, limit)
  local last = fields[$tail]
  if not areRest then
    last = tonumber(match(elements[#elements], '^%d+'))
  end
  local lost = last - from - #elements - runs.countWithin(fields[$replaced], from, last)
  return elements, last, lost, reset, reader, evicted
end

-- The reader has received everything up to `offset`; no poll of its own says so. An older offset than known is ignored.
function mailboxes.acknowledge(entry, name, epoch, offset)
  local fields = entry.fields
  local reader = mailboxes.reader(entry, name)
  if not reader or epoch ~= fields[$epoch] or offset > fields[$tail] or offset <= reader[$cursor] then
    return false
  end
  reader[$cursor] = offset
  removeTaken(entry)
  return true
end

-- Notifies the nodes of all parked readers, and releases the readers.
function mailboxes.wake(entry, text)
  notices.notifyParked(entry, text)
  local fields = entry.fields
  local readers = fields[$readers]
  for index = 1, #readers do
    if readers[index][$parkedUntil] ~= 0 then
      sessions.unpark(fields, readers[index], now)
    end
  end
end

-- Puts the messages of another session ahead of its own, under a new epoch. Returns how many did not fit.
function mailboxes.takeOver(entry, elements)
  mailboxes.ensure(entry)
  local fields = entry.fields
  local own = call('LRANGE', messages.key(entry), 0, -1)
  mailboxes.wake(entry, 'c:' .. nameOf(entry.key))
  messages.clear(entry)
  local epoch = newEpoch(entry)
  fields[$epoch] = nil
  mailboxes.ensure(entry)
  fields[$epoch] = epoch
  local left = 0
  local newestAt = 0
  local agesMixed = 0
  for _, list in ipairs({ elements, own }) do
    for index = 1, #list do
      local at, key, json = match(list[index], '^%d+:(%d+):([^\n]*)\n(.*)$')
      at = tonumber(at)
      if at < newestAt then
        agesMixed = 1
      end
      newestAt = max(newestAt, at)
      local _, dropped = mailboxes.append(entry, key, json, at, 'drop-oldest')
      left = left + dropped
    end
  end
  fields[$agesMixed] = agesMixed
  return left
end
