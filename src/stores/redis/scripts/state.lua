-- Definitions that all parts of the program share. `$names` are constants that program.ts fills in: settings of the
-- context, positions of fields (layout.ts) and names of keys (keys.ts).

local call = redis.call
local pack, unpackFields = cmsgpack.pack, cmsgpack.unpack
-- Locals are faster, because Lua looks up a global at every use.
local max, min, floor = math.max, math.min, math.floor
local sub, match, format = string.sub, string.match, string.format

local micros = microseconds()
local now = floor(micros / 1000)
-- Converted to text once: Redis converts numbers slowly.
local silentFrom = format('%.0f', now + $hbGrace)

-- KEYS and ARGV hold the keys and arguments of all calls, one call after the other. Each operation takes its own.
local keyPosition = 0
local argumentPosition = 0

local function takeKey()
  keyPosition = keyPosition + 1
  return KEYS[keyPosition]
end

local function take()
  argumentPosition = argumentPosition + 1
  return ARGV[argumentPosition]
end

local function takeNumber()
  argumentPosition = argumentPosition + 1
  return tonumber(ARGV[argumentPosition])
end

-- Every key begins with the prefix and the hash tag, which have a fixed length. The key of a session continues with
-- `$sessionKey<app>:<id>`, and its name is `<app>:<id>`.

local function baseOf(key)
  return sub(key, 1, $baseLength)
end

local function nameOf(sessionKey)
  return sub(sessionKey, $baseLength + 3)
end

-- Returns another key of the same session, for one of the names of keys.ts.
local function siblingOf(sessionKey, keyName)
  return baseOf(sessionKey) .. keyName .. nameOf(sessionKey)
end

-- Returns the common prefix of the keys of all sessions in this index.
local function sessionPrefix(index)
  return baseOf(index) .. '$sessionKey' .. sub(index, $baseLength + 3) .. ':'
end

-- When memory is used up (OOM), Redis refuses commands that may need memory, but only until the first write of a run. A
-- call that frees memory in the end, or must not fail, begins with this write. Redis does not refuse it for lack of
-- memory, and it changes nothing.
local function startWriting(index)
  call('ZREM', index, '')
end

-- Keeps the key until `time` at least. Rounds up to a multiple of about 17 minutes, so that most calls change nothing.
local function extend(key, time)
  local rounded = min((floor(time / 1048576) + 1) * 1048576, $endOfTime)
  if call('PEXPIRETIME', key) < rounded then
    call('PEXPIREAT', key, rounded)
  end
end

-- Sets the deadline of a key that has none: the key is new. That can't be told from the fields of the session, because
-- the server's eviction policy may have deleted the former key.
local function keepNew(key, time)
  call('PEXPIREAT', key, time, 'NX')
end

-- Sets attributes; the list alternates keys and values. Sets them in portions, because Lua limits the arguments of a
-- function.
local function setAttributes(key, attributes)
  for first = 1, #attributes, 1000 do
    call('HSET', key, unpack(attributes, first, min(first + 999, #attributes)))
  end
end
