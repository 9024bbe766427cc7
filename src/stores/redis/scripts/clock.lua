-- The server's clock, so that nodes with different clocks agree on every deadline. It does not advance during a script.

local function microseconds()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
