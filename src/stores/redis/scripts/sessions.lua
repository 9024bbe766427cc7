-- A session is stored as a packed array under one key, with its attributes in a hash under another key.

local sessions = {}

-- Ends the park of a reader: its silence, and the idle time of the session, begin at `time`.
function sessions.unpark(fields, reader, time)
  reader[$parkedUntil] = 0
  reader[$lastPoll] = time
  fields[$lastContact] = max(fields[$lastContact], time)
  if $pollRenews then
    fields[$lastTime] = max(fields[$lastTime], time)
  end
end

-- Ends the parks of readers that their node did not release in time, for example because the node died.
local function releaseOverdue(fields)
  local readers = fields[$readers]
  if readers then
    for index = 1, #readers do
      local parkedUntil = readers[index][$parkedUntil]
      if parkedUntil ~= 0 and parkedUntil <= now then
        sessions.unpark(fields, readers[index], parkedUntil)
      end
    end
  end
end

-- Returns the session of the key, be it live, dead or a tombstone; nil when there is none.
function sessions.open(key)
  local packed = call('GET', key)
  if not packed then
    return nil
  end
  local fields = unpackFields(packed)
  releaseOverdue(fields)
  return { key = key, fields = fields }
end

local unknown = { 'unknown', '' }

-- Returns the refusal with which operations on this session are answered; nil if the session is live.
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
  -- The key of a tombstone outlives the tombstone.
  return fields[$forgottenAt] > now and { 'closed', reason } or unknown
end

-- Returns the live session of the key, or nil and the refusal.
function sessions.live(key)
  local entry = sessions.open(key)
  local refused = refusal(entry)
  if refused then
    return nil, refused
  end
  return entry
end

-- Returns why a secret is refused: the session is unknown, the secret is wrong, or it is the secret before the latest
-- rotation.
local function refusedSecret(entry, secretHash)
  local fields = entry and entry.fields
  if not fields or (fields[$reason] ~= '' and fields[$forgottenAt] <= now) then
    return { 'unknown', 'unknown' }
  end
  local amendments = fields[$amendments]
  local isFormer = amendments and amendments[$formerHash] == secretHash
  return { 'unknown', isFormer and 'rotated' or 'wrong-secret' }
end

-- Like `live`, but checks the secret first. A wrong secret is refused like an unknown session; the refusal also has the
-- reason. The duration of the comparison reveals nothing useful: a client can't choose the hash of the secret that it
-- guesses.
function sessions.proven(key, secretHash)
  local entry = sessions.open(key)
  if not entry or entry.fields[$secretHash] ~= secretHash then
    return nil, refusedSecret(entry, secretHash)
  end
  local refused = refusal(entry)
  if refused then
    return nil, refused == unknown and { 'unknown', 'unknown' } or refused
  end
  return entry
end

function sessions.isLive(entry)
  return entry ~= nil and entry.fields[$reason] == '' and not deadReason(entry.fields)
end

local function bytesOf(texts)
  local bytes = 0
  for each = 1, #texts do
    bytes = bytes + #texts[each]
  end
  return bytes
end

-- Returns the attributes of the session, keys and values alternating.
function sessions.attributes(entry)
  return entry.fields[$hasAttributes] == 1 and call('HGETALL', siblingOf(entry.key, '$attributesKey')) or {}
end

-- Returns the refusal if the attributes have more bytes than the limit and than they had before; otherwise nil.
local function attributesRefusal(bytes, before)
  return bytes > $attributesMaxBytes and bytes > before and { 'attributes', bytes, $attributesMaxBytes } or nil
end

function sessions.refuseAttributes(attributes)
  return attributesRefusal(bytesOf(attributes), 0)
end

-- Returns the refusal if a session would have too many bytes of attributes after a patch that sets and deletes
-- attributes.
function sessions.refusePatch(entry, set, deleted)
  if #set == 0 then
    return nil
  end
  local isReplaced = {}
  for each = 1, #set, 2 do
    isReplaced[set[each]] = true
  end
  for each = 1, #deleted do
    isReplaced[deleted[each]] = true
  end
  local own = sessions.attributes(entry)
  local bytes = bytesOf(set)
  for each = 1, #own, 2 do
    if not isReplaced[own[each]] then
      bytes = bytes + #own[each] + #own[each + 1]
    end
  end
  return attributesRefusal(bytes, bytesOf(own))
end

-- Returns the refusal if a session would have too many bytes of attributes after it inherits those whose keys it does
-- not have.
function sessions.refuseInherited(entry, attributes)
  local own = sessions.attributes(entry)
  local isOwn = {}
  for each = 1, #own, 2 do
    isOwn[own[each]] = true
  end
  local before = bytesOf(own)
  local bytes = before
  for each = 1, #attributes, 2 do
    if not isOwn[attributes[each]] then
      bytes = bytes + #attributes[each] + #attributes[each + 1]
    end
  end
  return attributesRefusal(bytes, before)
end

function sessions.indexKey(sessionKey)
  return baseOf(sessionKey) .. '$indexKey' .. match(nameOf(sessionKey), '^[^:]+')
end

-- Returns the session's entry in its app's index. Its score is the account's; the entries of one account are in order
-- of creation.
function sessions.indexMember(entry)
  return format('%.0f', entry.fields[$birth]) .. sub(entry.key, -24)
end

-- Moves the deadlines of all keys of the session.
local function keepLonger(entry, needed)
  local fields = entry.fields
  local key = entry.key
  fields[$keepUntil] = keepUntil(fields, needed)
  if fields[$hasAttributes] == 1 then
    call('PEXPIREAT', siblingOf(key, '$attributesKey'), fields[$keepUntil])
  end
  if fields[$epoch] and fields[$count] > 0 then
    call('PEXPIREAT', siblingOf(key, '$messagesKey'), fields[$keepUntil])
    if fields[$keyed] > 0 then
      call('PEXPIREAT', siblingOf(key, '$keyedMessagesKey'), fields[$keepUntil])
    end
  end
  local base = baseOf(key)
  extend(sessions.indexKey(key), fields[$keepUntil])
  extend(base .. '$dueKey', fields[$keepUntil])
  if fields[$online] == 1 then
    extend(base .. '$onlineKey', fields[$keepUntil])
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

-- Records a contact: the session is online. Returns 1 if it had been reported away, else 0.
function sessions.contact(entry)
  local fields = entry.fields
  fields[$lastContact] = max(fields[$lastContact], now)
  if fields[$online] == 1 then
    -- Keep its entry in the index. `judgePresence` finds the entry too early, and then moves it.
    return 0
  end
  fields[$online] = 1
  local key = baseOf(entry.key) .. '$onlineKey'
  call('ZADD', key, silentFrom, nameOf(entry.key))
  extend(key, fields[$keepUntil])
  return 1
end

-- Records a contact and, if `isActivity`, activity. Returns the result of `contact`, and the time of the previous
-- activity. If polls count as activity, a parked reader is continuous activity.
function sessions.renew(entry, isActivity)
  local fields = entry.fields
  local previousTime = idles(fields) and fields[$lastTime] or now
  if isActivity then
    fields[$lastTime] = max(fields[$lastTime], now)
  end
  return sessions.contact(entry), previousTime
end

-- Returns the values that replace those with which the session was created. The caller may change them, and must save
-- the session.
function sessions.amend(entry)
  local fields = entry.fields
  if not fields[$amendments] then
    local createdAt = floor(fields[$birth] / 1000)
    fields[$amendments] = { '', createdAt, $defaultLevel, fields[$ip], fields[$userAgent] }
  end
  return fields[$amendments]
end

-- Replaces the secret. Keeps the hash of the former secret, to distinguish a rotated token from a wrong one.
function sessions.replaceSecret(entry, secretHash)
  sessions.amend(entry)[$formerHash] = entry.fields[$secretHash]
  entry.fields[$secretHash] = secretHash
end

-- Returns the amendments for a record: without the hash; empty when there are none.
local function shownAmendments(fields)
  local amendments = fields[$amendments]
  if not amendments then
    return {}
  end
  return { amendments[$authenticatedAt], amendments[$level], amendments[$lastIp], amendments[$lastUserAgent] }
end

-- Returns the record of the session. The caller must drop aged messages first.
function sessions.record(entry)
  local fields = entry.fields
  local online = (isParked(fields) or now - fields[$lastContact] < $hbGrace) and 1 or 0
  return {
    fields[$accountId],
    floor(fields[$birth] / 1000),
    idles(fields) and fields[$lastTime] or now,
    fields[$ttl],
    fields[$maxAge],
    fields[$ip],
    fields[$userAgent],
    fields[$reads],
    fields[$writes],
    online,
    fields[$count] or 0,
    sessions.attributes(entry),
    fields[$generation],
    shownAmendments(fields),
  }
end

-- Returns the record for a list of sessions, with the id at its end.
function sessions.listed(entry)
  local record = sessions.record(entry)
  record[#record + 1] = sub(entry.key, -24)
  return record
end

-- Returns the account's live sessions, oldest first. Drops index entries whose session does not exist any more.
function sessions.liveOfAccount(index, accountScore, accountId)
  local live = {}
  local prefix = sessionPrefix(index)
  local members = call('ZRANGE', index, accountScore, accountScore, 'BYSCORE')
  for each = 1, #members do
    local isWhole, entry, isLive = sessions.examine(prefix .. sub(members[each], -24))
    if isWhole and not entry then
      -- Its key expired, or was evicted or deleted.
      call('ZREM', index, members[each])
    elseif isLive and entry.fields[$accountId] == accountId then
      live[#live + 1] = entry
    end
  end
  return live
end
