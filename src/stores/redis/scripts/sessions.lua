-- Sessions as they are kept: one packed array under one key, attributes in a hash beside it.

local sessions = {}

-- Whether a reader is parked. Readers whose time is up were released when the session was opened.
local function isParked(fields)
  local readers = fields[$readers]
  if readers then
    for index = 1, #readers do
      if readers[index][$parkedUntil] ~= 0 then
        return true
      end
    end
  end
  return false
end

-- The reader is released at that time: only now do silence and idleness begin.
local function unpark(fields, reader, time)
  reader[$parkedUntil] = 0
  reader[$lastPoll] = time
  fields[$lastContact] = max(fields[$lastContact], time)
  if $pollRenews then
    fields[$lastTime] = max(fields[$lastTime], time)
  end
end

-- Why the session is dead by now, or nil.
local function deadReason(fields)
  local idleDeadline = fields[$lastTime] + fields[$ttl]
  if $pollRenews and isParked(fields) then
    idleDeadline = math.huge
  end
  local ageDeadline = math.huge
  if fields[$maxAge] > 0 then
    ageDeadline = floor(fields[$birth] / 1000) + fields[$maxAge]
  end
  if now < idleDeadline and now < ageDeadline then
    return nil
  end
  return idleDeadline <= ageDeadline and 'expired' or 'max-age'
end

sessions.isParked = isParked
sessions.unpark = unpark

-- The session of that key, live or dead or a tombstone; nil when there is none.
function sessions.open(key)
  local packed = call('GET', key)
  if not packed then
    return nil
  end
  local fields = unpackFields(packed)
  local readers = fields[$readers]
  if readers then
    for index = 1, #readers do
      local parkedUntil = readers[index][$parkedUntil]
      -- The node that parked it is gone, or forgot it.
      if parkedUntil ~= 0 and parkedUntil <= now then
        unpark(fields, readers[index], parkedUntil)
      end
    end
  end
  return { key = key, fields = fields }
end

local unknown = { 'unknown' }

-- What to answer to an operation on this session; nil if it is live.
local function refusal(entry)
  if not entry then
    return unknown
  end
  local fields = entry.fields
  local reason = fields[$reason]
  if reason == '' then
    reason = deadReason(fields)
    return reason and { 'closed', reason }
  end
  -- The key of a tombstone outlives it.
  return fields[$forgottenAt] > now and { 'closed', reason } or unknown
end

-- The live session of that key, or nil and what to answer.
function sessions.live(key)
  local entry = sessions.open(key)
  local refused = refusal(entry)
  if refused then
    return nil, refused
  end
  return entry
end

-- As `live`, for a caller who claims to be the bearer: nothing is said of the session to one who is not. Comparing
-- hashes tells nothing by its time: nobody can choose the hash of what he guesses.
function sessions.proven(key, secretHash)
  local entry = sessions.open(key)
  if not entry or entry.fields[$secretHash] ~= secretHash then
    return nil, unknown
  end
  local refused = refusal(entry)
  if refused then
    return nil, refused
  end
  return entry
end

function sessions.isLive(entry)
  return entry ~= nil and entry.fields[$reason] == '' and not deadReason(entry.fields)
end

sessions.deadReason = deadReason

function sessions.indexKey(sessionKey)
  return baseOf(sessionKey) .. 'i:' .. match(nameOf(sessionKey), '^[^:]+')
end

-- The session as it stands in its app's index, where it is found by its account's number, and there by creation.
function sessions.indexMember(entry)
  return format('%.0f', entry.fields[$birth]) .. sub(entry.key, -24)
end

-- No later than the moment when the session will expire, if nothing happens to it.
function sessions.deadline(fields)
  local deadline = fields[$lastTime] + fields[$ttl]
  if $pollRenews and isParked(fields) then
    deadline = now + fields[$ttl]
  end
  if fields[$maxAge] > 0 then
    deadline = min(deadline, floor(fields[$birth] / 1000) + fields[$maxAge])
  end
  return min(deadline, $endOfTime)
end

-- How long the session's keys must live at least: beyond any deadline it can have before it is saved again.
local function neededUntil(fields)
  local needed = fields[$lastTime] + fields[$ttl]
  local readers = fields[$readers]
  if $pollRenews and readers then
    for index = 1, #readers do
      needed = max(needed, readers[index][$parkedUntil] + fields[$ttl])
    end
  end
  if fields[$maxAge] > 0 then
    needed = min(needed, floor(fields[$birth] / 1000) + fields[$maxAge])
  end
  return min(needed + $slack, $endOfTime)
end

-- Moves the end of all its keys a whole ttl further than needed, so that it need not be moved at every contact.
local function keepLonger(entry, needed)
  local fields = entry.fields
  local key = entry.key
  local keepUntil = min(needed + fields[$ttl], $endOfTime)
  if fields[$maxAge] > 0 then
    local atMost = floor(fields[$birth] / 1000) + fields[$maxAge] + $slack
    keepUntil = max(needed, min(keepUntil, atMost))
  end
  fields[$keepUntil] = keepUntil
  if fields[$hasAttributes] == 1 then
    call('PEXPIREAT', siblingOf(key, 'a'), keepUntil)
  end
  if fields[$epoch] and fields[$count] > 0 then
    call('PEXPIREAT', siblingOf(key, 'm'), keepUntil)
    if fields[$keyed] > 0 then
      call('PEXPIREAT', siblingOf(key, 'k'), keepUntil)
    end
  end
  local base = baseOf(key)
  extend(sessions.indexKey(key), keepUntil)
  extend(base .. 'due', keepUntil)
  if fields[$online] == 1 then
    extend(base .. 'online', keepUntil)
  end
end

function sessions.save(entry)
  local fields = entry.fields
  local needed = neededUntil(fields)
  if needed > fields[$keepUntil] then
    keepLonger(entry, needed)
    call('SET', entry.key, pack(fields), 'PXAT', fields[$keepUntil])
  else
    call('SET', entry.key, pack(fields), 'KEEPTTL')
  end
end

-- The session was heard of. Says whether it had been reported away.
function sessions.contact(entry)
  local fields = entry.fields
  fields[$lastContact] = max(fields[$lastContact], now)
  if fields[$online] == 1 then
    -- Its place in the index is left: it is found too early there, and put right then.
    return 0
  end
  fields[$online] = 1
  local key = baseOf(entry.key) .. 'online'
  call('ZADD', key, silentFrom, nameOf(entry.key))
  extend(key, fields[$keepUntil])
  return 1
end

-- A contact, and perhaps activity. Says whether it had been reported away, and when its last activity was until now:
-- a parked reader is one that lasts.
function sessions.renew(entry, isActivity)
  local fields = entry.fields
  local previousTime = $pollRenews and isParked(fields) and now or fields[$lastTime]
  if isActivity then
    fields[$lastTime] = max(fields[$lastTime], now)
  end
  return sessions.contact(entry), previousTime
end

-- The session as it is shown. Its mailbox must have let go of what is too old before.
function sessions.record(entry)
  local fields = entry.fields
  local parked = isParked(fields)
  local online = (parked or now - fields[$lastContact] < $hbGrace) and 1 or 0
  local attributes = fields[$hasAttributes] == 1 and call('HGETALL', siblingOf(entry.key, 'a')) or {}
  return {
    fields[$accountId],
    floor(fields[$birth] / 1000),
    $pollRenews and parked and now or fields[$lastTime],
    fields[$ttl],
    fields[$maxAge],
    fields[$ip],
    fields[$userAgent],
    fields[$reads],
    fields[$writes],
    online,
    fields[$count] or 0,
    attributes,
  }
end

-- The same among others: with its id at the end.
function sessions.listed(entry)
  local record = sessions.record(entry)
  record[#record + 1] = sub(entry.key, -24)
  return record
end

-- The account's live sessions, oldest first. Index entries whose session is gone are dropped when met.
function sessions.liveOfAccount(index, accountScore, accountId)
  local live = {}
  local prefix = baseOf(index) .. 's:' .. sub(index, $baseLength + 3) .. ':'
  local members = call('ZRANGE', index, accountScore, accountScore, 'BYSCORE')
  for each = 1, #members do
    local entry = sessions.open(prefix .. sub(members[each], -24))
    if not entry then
      -- Its key is gone, by its ttl or by a hand.
      call('ZREM', index, members[each])
    elseif entry.fields[$accountId] == accountId and sessions.isLive(entry) then
      live[#live + 1] = entry
    end
  end
  return live
end
