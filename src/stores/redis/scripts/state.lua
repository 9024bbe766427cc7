-- What every part of the program shares. `$names` are numbers and words that are filled in when it is assembled:
-- settings of the context, and places of fields (see layout.ts).

local call = redis.call
local pack, unpackFields = cmsgpack.pack, cmsgpack.unpack
-- A global is looked up at every use.
local max, min, floor = math.max, math.min, math.floor
local sub, match, format = string.sub, string.match, string.format

local micros = microseconds()
local now = floor(micros / 1000)
-- As text, once: Redis takes long to make one of a number.
local silentFrom = format('%.0f', now + $hbGrace)

-- Calls come one after the other in KEYS and ARGV; each takes its own.
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

-- Every key begins with the prefix and the hash tag, whose length never changes; a session's goes on `s:<app>:<id>`.

local function baseOf(key)
  return sub(key, 1, $baseLength)
end

local function nameOf(sessionKey)
  return sub(sessionKey, $baseLength + 3)
end

-- A key of the same session: `as:…` for attributes, `ms:…` for messages, `ks:…` for the messages that have keys.
local function siblingOf(sessionKey, kind)
  return sub(sessionKey, 1, $baseLength) .. kind .. sub(sessionKey, $baseLength + 1)
end

-- Makes the key live to `time` at least. Rounded up to some 17 minutes, so that most calls find nothing to do.
local function extend(key, time)
  local rounded = min((floor(time / 1048576) + 1) * 1048576, $endOfTime)
  if call('PEXPIRETIME', key) < rounded then
    call('PEXPIREAT', key, rounded)
  end
end

-- Keys and values by turns. In portions, because a function of Lua takes so many arguments and no more.
local function setAttributes(key, attributes)
  for first = 1, #attributes, 1000 do
    call('HSET', key, unpack(attributes, first, min(first + 999, #attributes)))
  end
end
