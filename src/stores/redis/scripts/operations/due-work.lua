-- countDue, sweep, acknowledgeReport, abandonReport, judgePresence, presence: the work that is due in one bucket, for all
-- apps, and the sizes of its indexes.
--
-- KEYS  countDue: the bucket's index by deadline, or the index by silence
--       sweep, acknowledgeReport, abandonReport: the bucket's index by deadline
--       judgePresence: the bucket's index by silence
--       presence: the bucket's index by deadline, the index by silence
-- ARGV  countDue: 1 to also count orphaned reports, else 0
--       sweep: maximum number of sessions to examine, the name of this report: `<node>:<number>`
--       acknowledgeReport, abandonReport: the name of the report
--       judgePresence: maximum number of sessions to examine
-- Also accesses, with the same hash tag: the sessions whose names are in the index, the reports, the nodes.
-- Reply countDue: {1, number of sessions that may be due, plus the orphaned reports if they are counted}
--       sweep: {1, 1 if more is due, closed sessions, names of the sessions that can't be read}
--       acknowledgeReport, abandonReport: {1}
--       judgePresence: {1, 1 if more is due, name and account of each session that turned away}
--       presence: {1, number of sessions that are not reported away, number of the others}

-- Returns the names of the reports whose node died before it acknowledged them: perhaps no listener received them.
local function orphanedReports(base)
  local names = {}
  for _, name in ipairs(call('HKEYS', base .. '$reportsKey')) do
    local seen = call('HGET', base .. '$nodesKey', match(name, '^[^:]+') .. ':seen')
    if not seen or now - tonumber(seen) > $deadAfterMs then
      names[#names + 1] = name
    end
  end
  return names
end

operations.countDue = function()
  local index, countOrphans = takeKey(), take()
  local count = call('ZCOUNT', index, '-inf', now)
  if countOrphans == '1' then
    count = count + #orphanedReports(baseOf(index))
  end
  return { 1, count }
end

-- Moves the content of orphaned reports into `closed`, up to `limit`.
local function takeOrphaned(base, closed, limit)
  for _, name in ipairs(orphanedReports(base)) do
    local _, report = attempt(unpackFields, call('HGET', base .. '$reportsKey', name))
    if type(report) ~= 'table' then
      report = {}
    end
    while #report > 0 and #closed < limit do
      closed[#closed + 1] = table.remove(report)
    end
    if #report > 0 then
      call('HSET', base .. '$reportsKey', name, pack(report))
      return
    end
    call('HDEL', base .. '$reportsKey', name)
  end
end

-- Closes the session if it is dead, and returns its report. Otherwise moves or removes its entry.
local function sweepOne(due, name)
  local entry = sessions.open(baseOf(due) .. '$sessionKey' .. name)
  if not entry or entry.fields[$reason] ~= '' then
    call('ZREM', due, name)
    return nil
  end
  local reason = deadReason(entry.fields)
  if reason then
    return close(entry, reason)
  end
  -- The session was renewed after it was entered into the index.
  call('ZADD', due, deadlineOf(entry.fields), name)
end

operations.sweep = function()
  local due, limit, reportName = takeKey(), takeNumber(), take()
  local base = baseOf(due)
  startWriting(due)
  local closed, damaged = {}, {}
  takeOrphaned(base, closed, limit)
  local orphaned = #closed
  local names = call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit - orphaned)
  for each = 1, #names do
    local isWhole, report = attempt(sweepOne, due, names[each])
    if isWhole then
      closed[#closed + 1] = report
    else
      call('ZREM', due, names[each])
      damaged[#damaged + 1] = names[each]
    end
  end
  if #closed > 0 then
    local reports = base .. '$reportsKey'
    call('HSET', reports, reportName, pack(closed))
    call('PEXPIRE', reports, $keepReportsMs)
    -- If the server lost its newest writes, the recorded heartbeat of this node may be old. Another sweep would then
    -- regard this node as dead, and report the sessions again.
    local nodes = base .. '$nodesKey'
    call('HSET', nodes, match(reportName, '^[^:]+') .. ':seen', now)
    call('PEXPIRE', nodes, $forgetNodeAfterMs)
  end
  local isMore = call('ZCOUNT', due, '-inf', now) + #orphanedReports(base) > 0
  return { 1, isMore and 1 or 0, closed, damaged }
end

operations.acknowledgeReport = function()
  local due, reportName = takeKey(), take()
  call('HDEL', baseOf(due) .. '$reportsKey', reportName)
  return { 1 }
end

-- Marks the report as orphaned, so that another sweep reports it: the node that requested it did not receive the reply.
operations.abandonReport = function()
  local due, reportName = takeKey(), take()
  local reports = baseOf(due) .. '$reportsKey'
  local report = call('HGET', reports, reportName)
  if report then
    call('HDEL', reports, reportName)
    -- No node has a name that begins with '-', and a node without a heartbeat counts as dead.
    call('HSET', reports, '-' .. reportName, report)
    -- If this was the only report, its removal has deleted the key with its deadline.
    call('PEXPIRE', reports, $keepReportsMs)
  end
  return { 1 }
end

-- Reports the session away if it is silent, and returns its name and account. Otherwise moves or removes its entry.
local function judgeOne(online, name)
  local entry = sessions.open(baseOf(online) .. '$sessionKey' .. name)
  if not entry or entry.fields[$reason] ~= '' then
    call('ZREM', online, name)
    return nil
  end
  local fields = entry.fields
  if isParked(fields) then
    -- A parked reader is a continuous contact: judge the session again after hbGrace.
    call('ZADD', online, silentFrom, name)
  elseif fields[$lastContact] + $hbGrace > now then
    call('ZADD', online, fields[$lastContact] + $hbGrace, name)
  else
    call('ZREM', online, name)
    fields[$online] = 0
    sessions.save(entry)
    -- The sweep reports a session past its deadline.
    return not deadReason(fields) and { name, fields[$accountId] } or nil
  end
end

operations.judgePresence = function()
  local online, limit = takeKey(), takeNumber()
  startWriting(online)
  local silent = {}
  local names = call('ZRANGE', online, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
  for each = 1, #names do
    local isWhole, turned = attempt(judgeOne, online, names[each])
    silent[#silent + 1] = turned
    if not isWhole then
      -- The sweep reports the damage.
      call('ZREM', online, names[each])
    end
  end
  local isMore = call('ZCOUNT', online, '-inf', now) > 0
  return { 1, isMore and 1 or 0, silent }
end

-- Every session is in the index by deadline, and those that are not reported away are in the index by silence, too.
operations.presence = function()
  local due, online = takeKey(), takeKey()
  local kept, present = call('ZCARD', due), call('ZCARD', online)
  -- An entry whose session was evicted by the server may leave the index by deadline first.
  return { 1, present, max(0, kept - present) }
end
