-- What is told to the nodes where polls are held.

local notices = {}

-- Each node counts what it is told by each bucket, and so notices when something got lost on the way.
local function tell(base, node, text)
  local nodes = base .. 'nodes'
  local number = call('HINCRBY', nodes, node, 1)
  if number == 1 then
    -- Nobody by that name is enlisted, or not any more.
    call('HDEL', nodes, node)
    return
  end
  local bucket = sub(base, -4, -3)
  call('$publish', $channel .. '@' .. node, bucket .. ':' .. number .. ':' .. text)
end

-- Whether anybody listens to what is told to this node.
function notices.isHeard(base, node)
  return call('PUBSUB', '$countSubscribers', $channel .. '@' .. node)[2] > 0
end

-- Tells every node where a reader of this session is parked, once.
function notices.tellParked(entry, text)
  local readers = entry.fields[$readers]
  local told = {}
  for index = 1, #readers do
    local reader = readers[index]
    local node = reader[$node]
    if reader[$parkedUntil] ~= 0 and not told[node] then
      told[node] = true
      tell(baseOf(entry.key), node, text)
    end
  end
end

-- A newer read of this reader came from another node, or pushed it out: its parked poll ends.
function notices.tellSuperseded(entry, reader, byNode)
  if reader[$parkedUntil] ~= 0 and reader[$node] ~= byNode then
    local text = 's:' .. nameOf(entry.key) .. ':' .. reader[$name] .. ':' .. reader[$ticket]
    tell(baseOf(entry.key), reader[$node], text)
  end
end

-- Tells whoever keeps copies of sessions, at any node, that this one changed or ended.
function notices.tellChanged(key)
  local base = baseOf(key)
  call('$publish', $channel .. '@changes', nameOf(key))
end
