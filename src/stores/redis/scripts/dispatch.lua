-- Runs the calls in order. Each call is `name, number of arguments, arguments…`, and takes its own keys. The reply to a
-- call that fails is its error, and the later calls still run. A failed call has changed nothing: Redis refuses writes
-- (OOM, READONLY, MISCONF) only until the first write of a script has succeeded.

local replies = {}
while argumentPosition < #ARGV do
  local name = take()
  if not operations[name] then
    define(name)
  end
  local operation = operations[name]
  local next = takeNumber() + argumentPosition
  local _, reply = pcall(operation)
  if type(reply) == 'table' and not reply.err then
    replies[#replies + 1] = reply
  else
    replies[#replies + 1] = { 'error', type(reply) == 'table' and reply.err or tostring(reply) }
  end
  argumentPosition = next
end
return replies
