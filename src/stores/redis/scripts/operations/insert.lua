-- insert: counts the account's live sessions and adds one more, by `maxSession` and `onMaxSession`.
-- insertOnce: the same, unless there is a session of that key, or it is known why it ended.
--
-- KEYS  the session, the app's index of this bucket
-- ARGV  accountId, the account's number, secretHash, ip, userAgent, ttl, maxAge, number of attributes, then key and JSON
--       of each
-- Also touches, with the same hash tag: the account's other sessions, whose names stand in the index.
-- Reply {1, the time, closed sessions} or {'limit', how many are live, maxSession}
--       insertOnce: also {1, 0, {}, record} of the live one, or a refusal for a closed one

-- A parked reader is a contact that lasts.
local function isLongerWithoutContact(entry, other)
  local contact = sessions.isParked(entry.fields) and math.huge or entry.fields[$lastContact]
  local otherContact = sessions.isParked(other.fields) and math.huge or other.fields[$lastContact]
  if contact == otherContact then
    return entry.fields[$birth] < other.fields[$birth]
  end
  return contact < otherContact
end

local births = 0

-- Returns whom it closed, or nil and the number of live sessions when there is no room. The new session stands in the
-- index already: counting where one has just written is far cheaper than looking there first.
local function makeRoom(index, accountScore, accountId, member)
  local closed = {}
  if $maxSession == 0 or call('ZCOUNT', index, accountScore, accountScore) <= $maxSession then
    return closed
  end
  call('ZREM', index, member)
  local live = sessions.liveOfAccount(index, accountScore, accountId)
  local excess = #live - $maxSession + 1
  if excess > 0 and '$onMaxSession' == 'reject' then
    return nil, #live
  end
  if excess > 0 and '$onMaxSession' == 'evict-idle' then
    table.sort(live, isLongerWithoutContact)
  end
  for each = 1, excess do
    closed[each] = close(live[each], 'evicted')
  end
  call('ZADD', index, accountScore, member)
  return closed
end

local function insert(key, index)
  local accountId, accountScore, secretHash = take(), take(), take()
  local ip, userAgent, ttl, maxAge = take(), take(), takeNumber(), takeNumber()
  local attributes = {}
  for each = 1, 2 * takeNumber() do
    attributes[each] = take()
  end
  -- The clock stands still during a script, but those that come in one are born one after the other all the same.
  births = births + 1
  local birth = micros + births
  local name = nameOf(key)
  local base = baseOf(key)
  local hasAttributes = #attributes > 0 and 1 or 0
  -- In the order of layout.ts.
  local fields =
    { secretHash, '', accountId, birth, now, now, ttl, maxAge, ip, userAgent, 0, 0, 1, hasAttributes, 0 }
  local entry = { key = key, fields = fields }
  local member = sessions.indexMember(entry)
  call('ZADD', index, accountScore, member)
  local closed, live = makeRoom(index, accountScore, accountId, member)
  if not closed then
    return { 'limit', live, $maxSession }
  end
  call('ZADD', base .. 'due', sessions.deadline(fields), name)
  call('ZADD', base .. 'online', silentFrom, name)
  setAttributes(siblingOf(key, 'a'), attributes)
  sessions.save(entry)
  return { 1, now, closed }
end

operations.insert = function()
  return insert(takeKey(), takeKey())
end

-- A session whose keys went by their ttl, before any sweep, left its place in the index: found there under a key that
-- is used again, the new one would count twice.
local function forgetPlaceOf(key, index)
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
  forgetPlaceOf(key, index)
  return insert(key, index)
end
