-- adopt: inserts a session of another system with the data that it had there, unless the key of the session
-- exists, or the session has already expired.
--
-- KEYS  the session, the app's index of this bucket
-- ARGV  accountId, the account's score, secretHash, ip, userAgent, ttl, maxAge, creation, last activity, reads, writes,
--       number of attributes, then key and JSON of each
-- Reply {1, 1 when it was inserted, else 0}

operations.adopt = function()
  local key, index = takeKey(), takeKey()
  local accountId, accountScore, secretHash = take(), take(), take()
  local ip, userAgent, ttl, maxAge = take(), take(), takeNumber(), takeNumber()
  -- These times are from another clock, and may be in the future.
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
  -- In the order of layout.ts. The session had no contact here yet, so it is away.
  local fields = {
    secretHash, '', accountId, birth, lastTime, lastTime, ttl, maxAge, ip, userAgent, reads, writes, 0, hasAttributes, 0, 0, false,
  }
  local entry = { key = key, fields = fields }
  if deadReason(fields) then
    return { 1, 0 }
  end
  dropRemains(key)
  call('ZADD', index, accountScore, sessions.indexMember(entry))
  call('ZADD', baseOf(key) .. '$dueKey', deadlineOf(fields), nameOf(key))
  for each = 1, #attributes, 2 do
    call('HSET', siblingOf(key, '$attributesKey'), attributes[each], attributes[each + 1])
  end
  sessions.save(entry)
  return { 1, 1 }
end

-- alias: makes an alias of a session.
--
-- KEYS  the alias
-- ARGV  id, milliseconds to keep the alias after each look-up
-- Reply {1, 1 when it is new, else 0}

operations.alias = function()
  local key, id, keepFor = takeKey(), take(), take()
  -- The value of the alias contains this duration, because the session may be in another hash slot.
  return { 1, call('SET', key, keepFor .. ':' .. id, 'NX', 'PX', keepFor) and 1 or 0 }
end

-- resolveAlias: finds the session of an alias, and may extend the lifetime of the alias.
--
-- KEYS  the alias
-- ARGV  1 to extend its lifetime, else 0
-- Reply {1, id or '', milliseconds for which a look-up keeps the alias}

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
