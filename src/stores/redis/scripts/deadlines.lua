-- When a session dies, and how long its keys must live.

-- Whether a reader is parked. Overdue readers were released when the session was opened.
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

-- Whether the idle clock runs: where polling is activity, a parked reader is activity that lasts.
local function idles(fields)
  return not ($pollRenews and isParked(fields))
end

local function ageDeadlineOf(fields)
  if fields[$maxAge] == 0 then
    return math.huge
  end
  return floor(fields[$birth] / 1000) + fields[$maxAge]
end

-- Why the session is dead, or nil while it lives.
local function deadReason(fields)
  local idleDeadline = idles(fields) and fields[$lastTime] + fields[$ttl] or math.huge
  local oldest = ageDeadlineOf(fields)
  if now < idleDeadline and now < oldest then
    return nil
  end
  return idleDeadline <= oldest and 'expired' or 'max-age'
end

-- No later than the moment when the session will expire if nothing happens to it.
local function deadlineOf(fields)
  local lastTime = idles(fields) and fields[$lastTime] or now
  return min(lastTime + fields[$ttl], ageDeadlineOf(fields), $endOfTime)
end

-- Whether the session had activity within that many milliseconds; a negative number asks for none.
local function isActiveWithin(fields, within)
  return within < 0 or not idles(fields) or now - fields[$lastTime] <= within
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
  return min(min(needed, ageDeadlineOf(fields)) + $slackMs, $endOfTime)
end

-- A whole ttl longer than needed, so that the deadline of the keys need not be moved at every contact.
local function keepUntil(fields, needed)
  local latest = min(needed + fields[$ttl], $endOfTime)
  return max(needed, min(latest, ageDeadlineOf(fields) + $slackMs))
end
