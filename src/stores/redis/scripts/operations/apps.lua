-- size, page, scan, countActive, endSome: operations on the sessions of one app in one bucket, in the order of its
-- index. Each call is one step, so that no run blocks the server for long.
--
-- KEYS  the app's index of this bucket
-- ARGV  page: the place to begin after or '', maximum number of records, activeWithin in milliseconds or -1
--       scan: the place to begin after or '', number of index entries to examine
--       countActive: as scan, then activeWithin, the account counted last or ''
--       endSome: as scan, then the reason
-- Also accesses, with the same hash tag: the sessions whose names are in the index.
-- Reply size: {1, number of index entries}
--       page: {1, the place to continue after or '', records, the place of each record}
--       scan: {1, the place to continue after or '', ids}
--       countActive: {1, the place to continue after or '', number of accounts, the account counted last}
--       endSome: {1, the place to continue after or '', closed sessions}

operations.size = function()
  return { 1, call('ZCARD', takeKey()) }
end

-- Returns the rank of the first index entry after the place, which is `<account's score>.<index entry>`. This entry may
-- have been removed from the index.
local function rankAfter(index, place)
  if place == '' then
    return 0
  end
  local score, member = match(place, '^(%d+)%.(%w+)$')
  -- Insert a removed entry again for a moment, to find its rank.
  startWriting(index)
  local wasGone = call('ZADD', index, 'NX', score, member) == 1
  local rank = call('ZRANK', index, member)
  if wasGone then
    call('ZREM', index, member)
    return rank
  end
  return rank + 1
end

-- Calls `visit` with each live session of one step and its place, until `visit` returns false. Returns the place to
-- continue after, or '' at the end.
local function walk(index, after, number, visit)
  local start = rankAfter(index, after)
  local members = call('ZRANGE', index, start, start + number - 1, 'WITHSCORES')
  local prefix = sessionPrefix(index)
  local place = ''
  for each = 1, #members, 2 do
    local member = members[each]
    local isWhole, entry, isLive = sessions.examine(prefix .. sub(member, -24))
    place = members[each + 1] .. '.' .. member
    if isWhole and not entry then
      call('ZREM', index, member)
    elseif isLive and visit(entry, place) == false then
      return place
    end
  end
  return #members == 2 * number and place or ''
end

operations.page = function()
  local index, after, limit, within = takeKey(), take(), takeNumber(), takeNumber()
  local records, places = {}, {}
  local nextAfter = walk(index, after, $stepSize, function(entry, place)
    if isActiveWithin(entry.fields, within) then
      if messages.dropAged(entry) then
        sessions.save(entry)
      end
      records[#records + 1] = sessions.listed(entry)
      places[#places + 1] = place
      return #records < limit
    end
  end)
  return { 1, nextAfter, records, places }
end

operations.scan = function()
  local index, after, number = takeKey(), take(), takeNumber()
  local ids = {}
  local nextAfter = walk(index, after, number, function(entry)
    ids[#ids + 1] = sub(entry.key, -24)
  end)
  return { 1, nextAfter, ids }
end

operations.countActive = function()
  local index, after, number, within, counted = takeKey(), take(), takeNumber(), takeNumber(), take()
  local count = 0
  local nextAfter = walk(index, after, number, function(entry)
    local accountId = entry.fields[$accountId]
    if accountId ~= counted and isActiveWithin(entry.fields, within) then
      counted = accountId
      count = count + 1
    end
  end)
  return { 1, nextAfter, count, counted }
end

operations.endSome = function()
  local index, after, number, reason = takeKey(), take(), takeNumber(), take()
  local closed = {}
  local nextAfter = walk(index, after, number, function(entry)
    closed[#closed + 1] = close(entry, reason)
  end)
  return { 1, nextAfter, closed }
end
