-- waiting, sweep, told, disown, judge: what is due in one bucket, over all apps.
--
-- KEYS  waiting: the bucket's sessions by deadline, or by silence
--       sweep, told, disown: the bucket's sessions by deadline
--       judge: the bucket's sessions by silence
-- ARGV  waiting: 1 to count also what dead nodes have left untold
--       sweep: how many to look at, the name of this report: `<node>:<number>`
--       told, disown: the name of the report
--       judge: how many to look at
-- Also touches, with the same hash tag: the sessions whose names stand in the index, the reports, the nodes.
-- Reply waiting: {1, how many may be due}
--       sweep: {1, whether more is due, closed sessions}
--       told, disown: {1}
--       judge: {1, whether more is due, name and account of each that turned away}

-- Reports that were given to nodes that have died since, and that perhaps nobody heard of.
local function orphans(base)
  local names = {}
  for _, name in ipairs(call('HKEYS', base .. 'reports')) do
    local seen = call('HGET', base .. 'nodes', match(name, '^[^:]+') .. ':seen')
    if not seen or now - tonumber(seen) > $deadAfter then
      names[#names + 1] = name
    end
  end
  return names
end

operations.waiting = function()
  local index, countOrphans = takeKey(), take()
  local count = call('ZCOUNT', index, '-inf', now)
  if countOrphans == '1' then
    count = count + #orphans(baseOf(index))
  end
  return { 1, count }
end

-- Moves what dead nodes left untold into `closed`, as far as there is room.
local function adopt(base, closed, limit)
  for _, name in ipairs(orphans(base)) do
    local report = cmsgpack.unpack(call('HGET', base .. 'reports', name))
    while #report > 0 and #closed < limit do
      closed[#closed + 1] = table.remove(report)
    end
    if #report > 0 then
      call('HSET', base .. 'reports', name, pack(report))
      return
    end
    call('HDEL', base .. 'reports', name)
  end
end

operations.sweep = function()
  local due, limit, reportName = takeKey(), takeNumber(), take()
  local base = baseOf(due)
  local closed = {}
  adopt(base, closed, limit)
  local adopted = #closed
  local names = call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit - adopted)
  for each = 1, #names do
    local name = names[each]
    local entry = sessions.open(base .. 's:' .. name)
    if not entry or entry.fields[$reason] ~= '' then
      call('ZREM', due, name)
    else
      local reason = deadReason(entry.fields)
      if reason then
        closed[#closed + 1] = close(entry, reason)
      else
        -- It was renewed since it was put here.
        call('ZADD', due, sessions.deadline(entry.fields), name)
      end
    end
  end
  if #closed > 0 then
    local reports = base .. 'reports'
    call('HSET', reports, reportName, pack(closed))
    call('PEXPIRE', reports, $reportTime)
  end
  local isMore = call('ZCOUNT', due, '-inf', now) + #orphans(base) > 0
  return { 1, isMore and 1 or 0, closed }
end

operations.told = function()
  local due, reportName = takeKey(), take()
  call('HDEL', baseOf(due) .. 'reports', reportName)
  return { 1 }
end

-- Whoever asked for this report never got it: from now on it is nobody's.
operations.disown = function()
  local due, reportName = takeKey(), take()
  local reports = baseOf(due) .. 'reports'
  local report = call('HGET', reports, reportName)
  if report then
    call('HDEL', reports, reportName)
    -- No node has a name that begins so, and one that is never seen counts as dead.
    call('HSET', reports, '-' .. reportName, report)
  end
  return { 1 }
end

operations.judge = function()
  local online, limit = takeKey(), takeNumber()
  local base = baseOf(online)
  local silent = {}
  local names = call('ZRANGE', online, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
  for each = 1, #names do
    local name = names[each]
    local entry = sessions.open(base .. 's:' .. name)
    if not entry or entry.fields[$reason] ~= '' then
      call('ZREM', online, name)
    else
      local fields = entry.fields
      if sessions.isParked(fields) then
        -- A contact that lasts: looked at again one grace later.
        call('ZADD', online, silentFrom, name)
      elseif fields[$lastContact] + $hbGrace > now then
        call('ZADD', online, fields[$lastContact] + $hbGrace, name)
      else
        call('ZREM', online, name)
        fields[$online] = 0
        sessions.save(entry)
        -- One past its deadline is the sweep's to report.
        if not deadReason(fields) then
          silent[#silent + 1] = { name, fields[$accountId] }
        end
      end
    end
  end
  local isMore = call('ZCOUNT', online, '-inf', now) > 0
  return { 1, isMore and 1 or 0, silent }
end
