-- heartbeat, leave: the nodes that receive notices of this bucket's sessions.
--
-- KEYS  the bucket's nodes: `<node>` is the number of the latest notice to it, `<node>:seen` the time of its heartbeat
-- ARGV  the node
-- Reply heartbeat: {1, the number of the latest notice to the node, 1 if it is subscribed}; leave: {1}

operations.heartbeat = function()
  local nodes, node = takeKey(), take()
  -- Also at the beginning, because Redis would refuse to begin with `HSET` when memory is used up.
  call('PEXPIRE', nodes, $forgetNodeAfterMs)
  local all = call('HGETALL', nodes)
  local counter
  for each = 1, #all, 2 do
    local other = match(all[each], '^(.*):seen$')
    if all[each] == node then
      counter = all[each + 1]
    elseif other and other ~= node and now - tonumber(all[each + 1]) > $forgetNodeAfterMs then
      call('HDEL', nodes, other, other .. ':seen')
    end
  end
  if not counter then
    -- A number that it never had before: a node that was forgotten, and missed notices, must see that by the number.
    counter = now
    call('HSET', nodes, node, counter)
  end
  call('HSET', nodes, node .. ':seen', now)
  call('PEXPIRE', nodes, $forgetNodeAfterMs)
  return { 1, tonumber(counter), notices.hasSubscriber(baseOf(nodes), node) and 1 or 0 }
end

operations.leave = function()
  local nodes, node = takeKey(), take()
  call('HDEL', nodes, node, node .. ':seen')
  return { 1 }
end
