-- The mailbox within a session's fields: its messages and its readers. src/mailbox/mailbox-rules.ts has the same rules,
-- and explains them: every offset up to the tail is retained, replaced or gone, and `lost` counts the gone offsets.

local mailboxes = {}

-- Returns an epoch that no mailbox had before. Scripts have no true random numbers, so it is a hash of the key, the
-- time, the former epoch and the tail.
local function newEpoch(entry)
  local fields = entry.fields
  return sub(redis.sha1hex((fields[$epoch] or '') .. fields[$tail] .. entry.key .. micros), 1, 10)
end

-- The replication id of the server, which identifies a history of its data without loss. It changes at every restart
-- and at every promotion of a replica: the server can lose data only then. It may also change without a loss;
-- docs/redis.md says when. The script asks for it once for all calls of a run.
local history
local function currentHistory()
  history = history or match(call('INFO', 'replication'), 'master_replid:(%x+)')
  return history
end

-- Opens the mailbox if the session had none yet. A mailbox of an older history gets a new epoch. This notifies its
-- readers that they may miss messages which were acknowledged to the sender.
function mailboxes.ensure(entry)
  local fields = entry.fields
  if fields[$epoch] then
    if fields[$history] ~= currentHistory() then
      fields[$epoch] = newEpoch(entry)
      fields[$history] = currentHistory()
    end
    return
  end
  fields[$history] = currentHistory()
  fields[$tail] = 0
  fields[$epoch] = newEpoch(entry)
  fields[$tailProof] = 0
  fields[$taken] = 0
  fields[$takenProof] = 0
  fields[$count] = 0
  fields[$bytes] = 0
  fields[$newest] = 0
  fields[$gaps] = 0
  fields[$agesMixed] = 0
  fields[$keyed] = 0
  fields[$readers] = {}
  fields[$replaced] = {}
end

-- Removes the messages that every live reader has passed. Removes none while no reader is live.
local function removeTaken(entry)
  local fields = entry.fields
  local readers = fields[$readers]
  local passed = math.huge
  local proof = 0
  local lowest = math.huge
  for index = 1, #readers do
    local reader = readers[index]
    lowest = min(lowest, reader[$cursor])
    local isLive = reader[$parkedUntil] ~= 0 or now - reader[$lastPoll] < $readerGrace
    if isLive and reader[$cursor] < passed then
      passed = reader[$cursor]
      proof = reader[$proof]
    end
  end
  if passed == math.huge then
    return
  end
  messages.dropUpTo(entry, passed)
  if passed > fields[$taken] then
    fields[$taken] = passed
    fields[$takenProof] = proof
  end
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

-- Makes room: removes messages that all live readers have received, the oldest first. A parked reader has received
-- every message, even if its stream has not acknowledged it.
local function removeGiven(entry, key, bytes)
  local fields = entry.fields
  local readers = fields[$readers]
  local given = math.huge
  for index = 1, #readers do
    local reader = readers[index]
    if reader[$parkedUntil] ~= 0 then
      given = min(given, reader[$given])
    elseif now - reader[$lastPoll] < $readerGrace then
      given = min(given, reader[$cursor])
    end
  end
  if given == math.huge then
    return
  end
  local offset, at = messages.oldest(entry)
  while offset and offset <= given do
    local _, _, replacedBytes = keyed(entry, key)
    if fits(fields, bytes, replacedBytes) then
      return
    end
    messages.dropOldest(entry, 1)
    fields[$taken], fields[$takenProof] = offset, at
    offset, at = messages.oldest(entry)
  end
end

-- Moves the tail to the next offset, whether its message is retained or not.
local function advance(fields, at)
  -- The clock was set back, or the message was another session's.
  if at < fields[$tailProof] then
    fields[$agesMixed] = 1
  end
  fields[$tail] = fields[$tail] + 1
  fields[$tailProof] = at
end

local function accept(entry, key, json, at)
  local fields = entry.fields
  advance(fields, at)
  return messages.retain(entry, fields[$tail], at, key, json)
end

-- Returns the verdict, the number of messages dropped for the new one, and the message as it is stored. The caller must
-- first drop aged messages, once for many appends, because that may have to examine all messages.
function mailboxes.append(entry, key, json, at, onOverflow)
  local fields = entry.fields
  local bytes = #json
  local offset, element, replacedBytes = keyed(entry, key)
  if not fits(fields, bytes, replacedBytes) then
    removeTaken(entry)
    removeGiven(entry, key, bytes)
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
    advance(fields, at)
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

-- Whether this mailbox issued the cursor. Checks the reader `asking` before the others.
local function isProven(entry, epoch, offset, proof, asking)
  local fields = entry.fields
  if epoch ~= fields[$epoch] or offset > fields[$tail] then
    return false
  elseif offset == 0 or proof == fields[$tailProof] then
    return true
  elseif offset == fields[$tail] then
    return false
  elseif asking and mailboxReaders.prove(asking, offset, proof) or offset <= fields[$taken] and proof == fields[$takenProof] then
    return true
  end
  local readers = fields[$readers]
  for index = 1, #readers do
    if mailboxReaders.prove(readers[index], offset, proof) then
      return true
    end
  end
  return messages.isTimeFrom(entry, offset, proof)
end

-- Reads the messages after a cursor. `after` is 'OLDEST', 'KNOWN' (the cursor that the mailbox has of this reader) or
-- the epoch of the cursor `offset` with its `proof`. If `acknowledges`, the reader moves to this cursor. Returns the
-- messages, the cursor after them, how many messages the reader lost, whether its cursor did not fit (1 or 0), the
-- reader, and the reader evicted to make room for it. The proof of the returned cursor is the reader's `givenProof`.
function mailboxes.read(entry, name, after, offset, proof, limit, acknowledges)
  local fields = entry.fields
  messages.dropAged(entry)
  local reader = mailboxReaders.find(entry, name)
  local reset = 0
  local from, fromProof = fields[$taken], fields[$takenProof]
  if after == 'KNOWN' then
    if reader then
      from, fromProof = reader[$cursor], reader[$proof]
    end
  elseif after ~= 'OLDEST' then
    if isProven(entry, after, offset, proof, reader) then
      from, fromProof = offset, offset == 0 and 0 or proof
    else
      reset = 1
    end
  end
  local evicted
  if reader then
    if acknowledges or reset == 1 then
      reader[$cursor] = from
      reader[$proof] = fromProof
    end
    reader[$lastPoll] = now
  else
    if #fields[$readers] >= $maxReader then
      evicted = mailboxReaders.evictSilentest(fields[$readers])
    end
    -- A stream that goes on has acknowledged nothing in this mailbox.
    local cursor = acknowledges and from or fields[$taken]
    reader = { name, cursor, now, 0, '', 0, acknowledges and fromProof or fields[$takenProof], from, fromProof }
    table.insert(fields[$readers], reader)
  end
  removeTaken(entry)
  reader[$given], reader[$givenProof] = from, fromProof
  if from == fields[$tail] then
    return {}, from, 0, reset, reader, evicted
  end
  local elements, areRest = messages.beyond(entry, from, limit)
  local last = areRest and fields[$tail] or tonumber(match(elements[#elements], '^%d+'))
  reader[$given], reader[$givenProof] = last, fields[$tailProof]
  local lost = last - from - #elements - runs.countWithin(fields[$replaced], from, last)
  return elements, last, lost, reset, reader, evicted
end

-- Moves the reader to `offset` without a poll: it has received everything up to there. Ignores an offset that is not
-- beyond its cursor or can't be proved. Returns whether the reader has moved.
function mailboxes.acknowledge(entry, name, epoch, offset, proof)
  local reader = mailboxReaders.find(entry, name)
  if not reader or offset <= reader[$cursor] or not isProven(entry, epoch, offset, proof, reader) then
    return false
  end
  reader[$cursor] = offset
  reader[$proof] = proof
  removeTaken(entry)
  return true
end

-- Notifies the nodes of all parked readers, and releases the readers. If `gives`, the notice contains the message at
-- the tail, so that it answers their polls without another read.
function mailboxes.wake(entry, text, gives)
  notices.notifyParked(entry, text)
  local fields = entry.fields
  local readers = fields[$readers]
  for index = 1, #readers do
    local reader = readers[index]
    if reader[$parkedUntil] ~= 0 then
      if gives then
        reader[$given], reader[$givenProof] = fields[$tail], fields[$tailProof]
      end
      sessions.unpark(fields, reader, now)
    end
  end
end

-- Puts the messages of another session before the messages of this session, under a new epoch. Returns how many did not
-- fit.
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
  for _, list in ipairs({ elements, own }) do
    for index = 1, #list do
      local at, key, json = match(list[index], '^%d+:(%d+):([^\n]*)\n(.*)$')
      local _, dropped = mailboxes.append(entry, key, json, tonumber(at), 'drop-oldest')
      left = left + dropped
    end
  end
  return left
end
