-- acknowledge, acknowledgeAsBearer, release: change a reader without a poll.
--
-- KEYS  the session
-- ARGV  acknowledge: reader, epoch, offset, proof
--       acknowledgeAsBearer: secretHash, reader, epoch, offset, proof
--       release: reader, the node that had parked it
-- Reply {1}, without effect if the session is not live; acknowledgeAsBearer then replies with a refusal

operations.acknowledge = function()
  local key, name, epoch, offset, proof = takeKey(), take(), take(), takeNumber(), takeNumber()
  local entry = sessions.open(key)
  if sessions.isLive(entry) and mailboxes.acknowledge(entry, name, epoch, offset, proof) then
    sessions.save(entry)
  end
  return { 1 }
end

operations.acknowledgeAsBearer = function()
  local entry, refused = sessions.proven(takeKey(), take())
  local name, epoch, offset, proof = take(), take(), takeNumber(), takeNumber()
  if not entry then
    return refused
  end
  if mailboxes.acknowledge(entry, name, epoch, offset, proof) then
    sessions.save(entry)
  end
  return { 1 }
end

operations.release = function()
  local key, name, node = takeKey(), take(), take()
  local entry = sessions.open(key)
  if sessions.isLive(entry) then
    local reader = mailboxReaders.find(entry, name)
    -- If another node has parked the reader in the meantime, that node releases it.
    if reader and reader[$parkedUntil] ~= 0 and reader[$node] == node then
      sessions.unpark(entry.fields, reader, now)
      sessions.contact(entry)
      sessions.save(entry)
    end
  end
  return { 1 }
end
