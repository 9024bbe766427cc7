-- Work on many sessions. A value that can't be read, because it is damaged or another program wrote it, must not keep the
-- other sessions from their work.

-- Calls `visit`. Returns true and its results, or false if it met a value that can't be read. Any other error of the
-- server is passed on: its text begins with a code in capital letters.
local function attempt(visit, ...)
  local isWhole, result, second = pcall(visit, ...)
  if not isWhole then
    local text = type(result) == 'table' and result.err or tostring(result)
    if match(text, '^%u+ ') and sub(text, 1, 10) ~= 'WRONGTYPE ' then
      error(result, 0)
    end
    return false
  end
  return true, result, second
end

local function look(key)
  local entry = sessions.open(key)
  return entry, sessions.isLive(entry)
end

-- Opens one of many sessions. Returns true, the session or nil, and whether it is live; or false if it can't be read.
function sessions.examine(key)
  return attempt(look, key)
end
