-- The end of a session: its keys and its places in the indexes go, and a tombstone stays that says why.

-- Returns what the listeners of its end are told: name, account, reason, and how many messages went with it.
local function close(entry, reason)
  local fields = entry.fields
  local key = entry.key
  local name = nameOf(key)
  local base = baseOf(key)
  local undelivered = 0
  notices.tellChanged(key)
  call('ZREM', sessions.indexKey(key), sessions.indexMember(entry))
  call('ZREM', base .. 'due', name)
  if fields[$online] == 1 then
    call('ZREM', base .. 'online', name)
  end
  if fields[$hasAttributes] == 1 then
    call('DEL', siblingOf(key, 'a'))
  end
  if fields[$epoch] then
    messages.dropAged(entry)
    undelivered = fields[$count]
    notices.tellParked(entry, 'e:' .. name .. ':' .. reason)
    messages.clear(entry)
  end
  if $tombstoneTime > 0 then
    local forgottenAt = now + $tombstoneTime
    local tombstone = { fields[$secretHash], reason, forgottenAt }
    call('SET', key, pack(tombstone), 'PXAT', min(forgottenAt + $slack, $endOfTime))
  else
    call('DEL', key)
  end
  return { name, fields[$accountId], reason, undelivered }
end
