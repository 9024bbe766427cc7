-- insert: counts the account's live sessions and adds one more, as its `maxSession` and `onMaxSession` permit.
-- insertOnce: the same, unless the key holds a session or a tombstone.
--
-- KEYS  the session, the app's index of this bucket
-- ARGV  accountId, the account's score, secretHash, maxSession, ip, userAgent, ttl, maxAge, level, number of
--       attributes, then key and JSON of each
-- Also accesses, with the same hash tag: the account's other sessions, whose names are in the index.
-- Reply {1, the time, evicted sessions}, {'limit', number of live sessions, maxSession} or the refusal of the
--       attributes
--       insertOnce: also {1, 0, {}, record} for the id of a live session, or a refusal for the id of a closed session

-- The order for table.sort. A parked reader is a continuous contact.
local function hasEarlierContact(entry, other)
  local contact = isParked(entry.fields) and math.huge or entry.fields[$lastContact]
  local otherContact = isParked(other.fields) and math.huge or other.fields[$lastContact]
  if contact == otherContact then
    return entry.fields[$birth] < other.fields[$birth]
  end
  return contact < otherContact
end

local births = 0

-- Evicts sessions if the account has too many. Returns the evicted sessions, or nil and the number of live sessions
-- when there is no room. The new session is already in the index: counting after that write is much cheaper than a
-- look-up before it.
local function makeRoom(index, accountScore, accountId, member, maxSession)
  local closed = {}
  if maxSession == 0 or call('ZCOUNT', index, accountScore, accountScore) <= maxSession then
    return closed
  end
  call('ZREM', index, member)
  local live = sessions.liveOfAccount(index, accountScore, accountId)
  local excess = #live - maxSession + 1
  if excess > 0 and '$onMaxSession' == 'reject' then
    return nil, #live
  end
  if excess > 0 and '$onMaxSession' == 'evict-idle' then
    table.sort(live, hasEarlierContact)
  end
  for each = 1, excess do
    closed[each] = close(live[each], 'evicted')
  end
  call('ZADD', index, accountScore, member)
  return closed
end

local function insert(key, index)
  local accountId, accountScore, secretHash = take(), take(), take()
  local maxSession = takeNumber()
  local ip, userAgent, ttl, maxAge = take(), take(), takeNumber(), takeNumber()
  local level = takeNumber()
  local attributes = {}
  for each = 1, 2 * takeNumber() do
    attributes[each] = take()
  end
  local refused = sessions.refuseAttributes(attributes)
  if refused then
    return refused
  end
  -- The clock does not advance during a script, but sessions inserted by one script must differ in `birth`.
  births = births + 1
  local birth = micros + births
  local name = nameOf(key)
  local base = baseOf(key)
  local hasAttributes = #attributes > 0 and 1 or 0
  -- In the order of layout.ts.
  local fields =
    { secretHash, '', accountId, birth, now, now, ttl, maxAge, ip, userAgent, 0, 0, 1, hasAttributes, 0, 0, false }
  local entry = { key = key, fields = fields }
  if level ~= $defaultLevel then
    sessions.amend(entry)[$level] = level
  end
  local member = sessions.indexMember(entry)
  call('ZADD', index, accountScore, member)
  local closed, live = makeRoom(index, accountScore, accountId, member, maxSession)
  if not closed then
    return { 'limit', live, maxSession }
  end
  call('ZADD', base .. '$dueKey', deadlineOf(fields), name)
  call('ZADD', base .. '$onlineKey', silentFrom, name)
  setAttributes(siblingOf(key, '$attributesKey'), attributes)
  sessions.save(entry)
  notices.sessionChanged(key, 'c:' .. accountId)
  return { 1, now, closed }
end

operations.insert = function()
  return insert(takeKey(), takeKey())
end

-- Removes the index entry of a former session with this id, whose keys expired before any sweep. Otherwise the new
-- session would count twice.
local function dropStaleEntry(key, index)
  local accountScore = ARGV[argumentPosition + 2]
  local members = call('ZRANGE', index, accountScore, accountScore, 'BYSCORE')
  for each = 1, #members do
    if sub(members[each], -24) == sub(key, -24) then
      call('ZREM', index, members[each])
    end
  end
end

operations.insertOnce = function()
  local key, index = takeKey(), takeKey()
  local entry, refused = sessions.live(key)
  if entry then
    if messages.dropAged(entry) then
      sessions.save(entry)
    end
    return { 1, 0, {}, sessions.record(entry) }
  end
  if refused[1] == 'closed' then
    return refused
  end
  dropStaleEntry(key, index)
  dropRemains(key)
  return insert(key, index)
end
