-- heartbeat, leave: register and remove a node that receives notices of this bucket's sessions.
--
-- KEYS  the bucket's nodes: `<node>` is the number of the latest notice to it, `<node>:seen` the time of its heartbeat
-- ARGV  the node
-- Reply heartbeat: {1, the number of the latest notice to the node, 1 if it is subscribed}; leave: {1}

operations.heartbeat = function()
  local nodes, node = takeKey(), take()
  -- The end of this operation does it again. It must also come first: when memory is used up, Redis refuses `HSET` as
  -- the first write.
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
    -- Begin with a number that the node never had before. If the server had forgotten the node, the node may have
    -- missed notices, and must detect this by the number.
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
