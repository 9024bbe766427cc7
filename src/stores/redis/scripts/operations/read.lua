-- read: moves the reader to its cursor, and returns the messages after the cursor, or parks the reader.
--
-- KEYS  the session
-- ARGV  secretHash or '', generation or -1, reader, 'OLDEST' or 'KNOWN' or an epoch, offset, proof, 1 if the reader moves
--       there, else 0, limit, milliseconds to park or 0, the node that reads, its ticket
-- Reply {1, accountId, epoch, offset, messages, lost, reset, parked, came online, evicted reader or '', proof, generation}
--       or a refusal; a 13th element says, for a stream that goes on, that another node has read for its reader since

operations.read = function()
  local key, secretHash, generation = takeKey(), take(), takeNumber()
  local name, after = take(), take()
  local offset, proof, acknowledges = takeNumber(), takeNumber(), takeNumber() == 1
  local limit, wait = takeNumber(), takeNumber()
  local node, ticket = take(), takeNumber()
  local entry, refused
  if secretHash == '' then
    entry, refused = sessions.live(key)
  else
    entry, refused = sessions.proven(key, secretHash)
  end
  if not entry then
    return refused
  end
  local fields = entry.fields
  -- Checked in the same step as the read, so that no poll of the old token can succeed during a rotation.
  if generation >= 0 and generation < fields[$generation] then
    return { 'closed', 'rotated' }
  end
  mailboxes.ensure(entry)
  if not acknowledges then
    local known = mailboxReaders.find(entry, name)
    if known and known[$node] ~= '' and known[$node] ~= node then
      return { 1, fields[$accountId], after, offset, {}, 0, 0, 0, 0, '', proof, fields[$generation], 1 }
    end
  end
  local elements, last, lost, reset, reader, evicted = mailboxes.read(entry, name, after, offset, proof, limit, acknowledges)
  notices.superseded(entry, reader, node)
  -- Record the node even if the read does not park: then a stream that goes on at another node detects that it was
  -- superseded.
  reader[$node] = node
  if evicted then
    notices.superseded(entry, evicted, node)
    if evicted[$parkedUntil] ~= 0 then
      sessions.unpark(fields, evicted, now)
    end
  end
  local parks = wait > 0 and #elements == 0 and lost == 0 and reset == 0
  local cameOnline = sessions.contact(entry)
  if parks then
    -- The park lasts longer than the wait of the node, so that the node ends the wait.
    reader[$parkedUntil] = now + wait + $parkSlackMs
    reader[$ticket] = ticket
  elseif reader[$parkedUntil] ~= 0 then
    sessions.unpark(fields, reader, now)
  end
  if $pollRenews and idles(fields) then
    fields[$lastTime] = max(fields[$lastTime], now)
  end
  sessions.save(entry)
  return {
    1,
    fields[$accountId],
    fields[$epoch],
    last,
    elements,
    lost,
    reset,
    parks and 1 or 0,
    cameOnline,
    evicted and evicted[$name] or '',
    reader[$givenProof],
    fields[$generation],
  }
end
