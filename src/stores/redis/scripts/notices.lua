-- Notices to the nodes that hold polls, and to the nodes that cache sessions.

local notices = {}

-- Each bucket numbers its notices to a node, so that the node detects lost ones.
local function notify(base, node, text)
  local nodes = base .. '$nodesKey'
  local number = call('HINCRBY', nodes, node, 1)
  if number == 1 then
    -- The node is not registered (any more).
    call('HDEL', nodes, node)
    return
  end
  local bucket = sub(base, -4, -3)
  call('$publish', $channel .. '@' .. node, bucket .. ':' .. number .. ':' .. text)
end

-- Whether a connection is subscribed to the channel of this node.
function notices.hasSubscriber(base, node)
  return call('PUBSUB', '$countSubscribers', $channel .. '@' .. node)[2] > 0
end

-- Sends one notice to each node at which a reader of this session is parked.
function notices.notifyParked(entry, text)
  local readers = entry.fields[$readers]
  local notified = {}
  for index = 1, #readers do
    local reader = readers[index]
    local node = reader[$node]
    if reader[$parkedUntil] ~= 0 and not notified[node] then
      notified[node] = true
      notify(baseOf(entry.key), node, text)
    end
  end
end

-- Ends the parked poll of a reader at another node, because `byNode` read for this reader later, or its read evicted
-- the reader.
function notices.superseded(entry, reader, byNode)
  if reader[$parkedUntil] ~= 0 and reader[$node] ~= byNode then
    local text = 's:' .. nameOf(entry.key) .. ':' .. reader[$name] .. ':' .. reader[$ticket]
    notify(baseOf(entry.key), reader[$node], text)
  end
end

-- Notifies the change watchers of all nodes. `change` is c: (created) or r: (rotated) and the account, or e: (closed),
-- the reason, a colon and the account, which may contain colons; nil for a session that was patched. See
-- change-receiver.ts.
function notices.sessionChanged(key, change)
  local base = baseOf(key)
  call('$publish', $channel .. '@changes', nameOf(key) .. ':' .. (change or 'p'))
end
