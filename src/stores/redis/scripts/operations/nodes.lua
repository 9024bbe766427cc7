-- attend, leave: the nodes that are told of this bucket's sessions.
--
-- KEYS  the bucket's nodes: `<node>` counts what it was told, `<node>:seen` is when it was last heard of
-- ARGV  the node
-- Reply attend: {1, how much the node was told, whether it had to be enlisted}; leave: {1}

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
  local isNew = not counter
  if isNew then
    counter = 1
    call('HSET', nodes, node, counter)
  end
  call('HSET', nodes, node .. ':seen', now)
  call('PEXPIRE', nodes, $nodesTime)
  return { 1, tonumber(counter), isNew and 1 or 0 }
end

operations.leave = function()
  local nodes, node = takeKey(), take()
  call('HDEL', nodes, node, node .. ':seen')
  return { 1 }
end
