-- Closes the session: deletes its keys and index entries, leaves a tombstone with the reason, and notifies the nodes that
-- hold its polls or cache it. Returns its name, account, reason and number of undelivered messages.
local function close(entry, reason)
  local fields = entry.fields
  local key = entry.key
  local name = nameOf(key)
  local base = baseOf(key)
  local undelivered = 0
  call('ZREM', sessions.indexKey(key), sessions.indexMember(entry))
  -- After the first write: a server that refuses writes does not refuse to publish.
  notices.sessionChanged(key, 'e:' .. reason .. ':' .. fields[$accountId])
  call('ZREM', base .. '$dueKey', name)
  if fields[$online] == 1 then
    call('ZREM', base .. '$onlineKey', name)
  end
  if fields[$hasAttributes] == 1 then
    call('DEL', siblingOf(key, '$attributesKey'))
  end
  if fields[$epoch] then
    messages.dropAged(entry)
    undelivered = fields[$count]
    notices.notifyParked(entry, 'e:' .. name .. ':' .. reason)
    messages.clear(entry)
  end
  if $tombstoneTime > 0 then
    local forgottenAt = now + $tombstoneTime
    local tombstone = { fields[$secretHash], reason, forgottenAt }
    call('SET', key, pack(tombstone), 'PXAT', min(forgottenAt + $slackMs, $endOfTime))
  else
    call('DEL', key)
  end
  return { name, fields[$accountId], reason, undelivered }
end

-- Deletes the other keys of a session of this key: the server's eviction policy may have deleted only the value of the
-- session. Checks first whether they exist, because a delete is a write, and after a write Redis refuses nothing for
-- lack of memory.
local function dropRemains(key)
  local remains = { siblingOf(key, '$attributesKey'), siblingOf(key, '$messagesKey'), siblingOf(key, '$keyedMessagesKey') }
  if call('EXISTS', unpack(remains)) > 0 then
    call('DEL', unpack(remains))
  end
end
