-- attend, leave: the nodes that are told of this bucket's sessions.
--
-- KEYS  the bucket's nodes: `<node>` numbers what it is told, `<node>:seen` is when it was last heard of
-- ARGV  the node
-- Reply attend: {1, the number of what the node was told last, whether it listens}; leave: {1}

operations.attend = function()
  local nodes, node = takeKey(), take()
  local all = call('HGETALL', nodes)
  local counter
  for each = 1, #all, 2 do
    local other = match(all[each], '^(.*):seen$')
    if all[each] == node then
      counter = all[each + 1]
    elseif other and other ~= node and now - tonumber(all[each + 1]) > $forgetNodeAfter then
      call('HDEL', nodes, other, other .. ':seen')
    end
  end
  if not counter then
    -- Never where it stood before: a node that was forgotten, and told nothing meanwhile, must see that by the number.
    counter = now
    call('HSET', nodes, node, counter)
  end
  call('HSET', nodes, node .. ':seen', now)
  call('PEXPIRE', nodes, $nodesTime)
  return { 1, tonumber(counter), notices.isHeard(baseOf(nodes), node) and 1 or 0 }
end

operations.leave = function()
  local nodes, node = takeKey(), take()
  call('HDEL', nodes, node, node .. ':seen')
  return { 1 }
end
