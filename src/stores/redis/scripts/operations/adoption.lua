-- adopt: puts a session of another system in, as it stood there, unless there is or was one under its id.
--
-- KEYS  the session, the app's index of this bucket
-- ARGV  accountId, the account's number, secretHash, ip, userAgent, ttl, maxAge, creation, last activity, reads, writes,
--       number of attributes, then key and JSON of each
-- Reply {1, 1 when it was put in, else 0}

operations.adopt = function()
  local key, index = takeKey(), takeKey()
  local accountId, accountScore, secretHash = take(), take(), take()
  local ip, userAgent, ttl, maxAge = take(), take(), takeNumber(), takeNumber()
  -- Another clock told these.
  local birth, lastTime = math.min(takeNumber(), now) * 1000, math.min(takeNumber(), now)
  local reads, writes = takeNumber(), takeNumber()
  local attributes = {}
  for each = 1, 2 * takeNumber() do
    attributes[each] = take()
  end
  if call('EXISTS', key) == 1 then
    return { 1, 0 }
  end
  local hasAttributes = #attributes > 0 and 1 or 0
  -- In the order of layout.ts. It was not heard of here yet, and so is away.
  local fields = {
    secretHash, '', accountId, birth, lastTime, lastTime, ttl, maxAge, ip, userAgent, reads, writes, 0, hasAttributes, 0,
  }
  local entry = { key = key, fields = fields }
  if sessions.deadReason(fields) then
    return { 1, 0 }
  end
  call('ZADD', index, accountScore, sessions.indexMember(entry))
  call('ZADD', baseOf(key) .. 'due', sessions.deadline(fields), nameOf(key))
  for each = 1, #attributes, 2 do
    call('HSET', siblingOf(key, 'a'), attributes[each], attributes[each + 1])
  end
  sessions.save(entry)
  return { 1, 1 }
end

-- alias: names the session that an alias is of, for so long.
--
-- KEYS  the alias
-- ARGV  id, milliseconds
-- Reply {1, 1 when it is new, else 0}

operations.alias = function()
  local key, id, keepFor = takeKey(), take(), take()
  -- How long it is to be kept from each look-up on stands in it, because the session is in another hash slot.
  return { 1, call('SET', key, keepFor .. ':' .. id, 'NX', 'PX', keepFor) and 1 or 0 }
end

-- resolveAlias: which session it is, and that it is still asked for.
--
-- KEYS  the alias
-- ARGV  1 to extend it, 0 to only look
-- Reply {1, id or '', milliseconds that it is kept from now on}

operations.resolveAlias = function()
  local key, extends = takeKey(), takeNumber()
  local value = call('GET', key)
  if not value then
    return { 1, '', 0 }
  end
  local keepFor, id = string.match(value, '^(%d+):(%w+)$')
  if extends == 1 then
    call('PEXPIRE', key, keepFor)
  end
  return { 1, id, tonumber(keepFor) }
end
