-- read: moves the reader to where it says it stands, and gives what it has not had, or parks it.
--
-- KEYS  the session
-- ARGV  secretHash or '', reader, 'oldest' or 'known' or an epoch, offset, limit, milliseconds to park or 0,
--       the node that asks, its ticket
-- Reply {1, accountId, epoch, offset, messages, lost, reset, parked, came online, dropped reader or ''} or a refusal

operations.read = function()
  local key, secretHash, name, after = takeKey(), take(), take(), take()
  local offset, limit, wait, node, ticket = takeNumber(), takeNumber(), takeNumber(), take(), takeNumber()
  local entry, refused
  if secretHash == '' then
    entry, refused = sessions.live(key)
  else
    entry, refused = sessions.proven(key, secretHash)
  end
  if not entry then
    return refused
  end
  mailboxes.ensure(entry)
  local fields = entry.fields
  local elements, last, lost, reset, reader, dropped = mailboxes.read(entry, name, after, offset, limit)
  notices.tellSuperseded(entry, reader, node)
  if dropped then
    notices.tellSuperseded(entry, dropped, node)
    if dropped[$parkedUntil] ~= 0 then
      sessions.unpark(fields, dropped, now)
    end
  end
  local parks = wait > 0 and #elements == 0 and lost == 0 and reset == 0
  local cameOnline = sessions.contact(entry)
  if parks then
    -- A little longer than the node means to wait, so that it is the node that ends the wait.
    reader[$parkedUntil] = now + wait + $parkSlack
    reader[$node] = node
    reader[$ticket] = ticket
  elseif reader[$parkedUntil] ~= 0 then
    sessions.unpark(fields, reader, now)
  end
  if $pollRenews and not sessions.isParked(fields) then
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
    dropped and dropped[$name] or '',
  }
end
