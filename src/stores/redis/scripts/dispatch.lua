-- Carries out the calls in order. Each is `name, number of arguments, arguments…`; its keys it takes by itself. One
-- that fails changes nothing, says why, and harms none of the others.

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
