-- The deadlines of a session and of its keys.

-- Whether a reader is parked. `sessions.open` has already released overdue readers.
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

-- Whether the idle time runs. If polls count as activity, a parked reader is continuous activity.
local function idles(fields)
  return not ($pollRenews and isParked(fields))
end

local function ageDeadlineOf(fields)
  if fields[$maxAge] == 0 then
    return math.huge
  end
  return floor(fields[$birth] / 1000) + fields[$maxAge]
end

-- Returns why the session is dead, or nil while it is live.
local function deadReason(fields)
  local idleDeadline = idles(fields) and fields[$lastTime] + fields[$ttl] or math.huge
  local oldest = ageDeadlineOf(fields)
  if now < idleDeadline and now < oldest then
    return nil
  end
  return idleDeadline <= oldest and 'expired' or 'max-age'
end

-- Returns a time that is not later than the expiry of the session if nothing happens to it.
local function deadlineOf(fields)
  local lastTime = idles(fields) and fields[$lastTime] or now
  return min(lastTime + fields[$ttl], ageDeadlineOf(fields), $endOfTime)
end

-- Whether the session had activity within this number of milliseconds. Always true for a negative number.
local function isActiveWithin(fields, within)
  return within < 0 or not idles(fields) or now - fields[$lastTime] <= within
end

-- Returns the earliest time at which the session's keys may expire: later than any deadline that the session can have
-- before it is saved again.
local function neededUntil(fields)
  local needed = fields[$lastTime] + fields[$ttl]
  local readers = fields[$readers]
  if $pollRenews and readers then
    for index = 1, #readers do
      needed = max(needed, readers[index][$parkedUntil] + fields[$ttl])
    end
  end
  return min(min(needed, ageDeadlineOf(fields)) + $slackMs, $endOfTime)
end

-- Returns when the session's keys shall expire: a whole ttl later than needed, so that not every contact has to move
-- their deadline.
local function keepUntil(fields, needed)
  local latest = min(needed + fields[$ttl], $endOfTime)
  return max(needed, min(latest, ageDeadlineOf(fields) + $slackMs))
end
