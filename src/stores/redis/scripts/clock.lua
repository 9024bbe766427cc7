-- The server's clock, so that nodes whose clocks differ agree on every deadline. It stands still during a script.

local function microseconds()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
