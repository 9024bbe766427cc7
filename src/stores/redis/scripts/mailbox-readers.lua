-- The readers of a mailbox. The rules are those of src/mailbox/reader.ts.

local mailboxReaders = {}

local function isMoreSilent(reader, other)
  local isParked = reader[$parkedUntil] ~= 0
  local otherIsParked = other[$parkedUntil] ~= 0
  if isParked == otherIsParked then
    return reader[$lastPoll] < other[$lastPoll]
  end
  return otherIsParked
end

-- Evicts the reader that has been silent for longest. A parked reader is not silent, and is evicted only when all are
-- parked.
function mailboxReaders.evictSilentest(readers)
  local silentest = 1
  for index = 2, #readers do
    if isMoreSilent(readers[index], readers[silentest]) then
      silentest = index
    end
  end
  return table.remove(readers, silentest)
end

function mailboxReaders.find(entry, name)
  local readers = entry.fields[$readers] or {}
  for index = 1, #readers do
    if readers[index][$name] == name then
      return readers[index]
    end
  end
  return nil
end

-- Whether the reader received a cursor with this proof, at this offset or beyond it.
function mailboxReaders.prove(reader, offset, proof)
  return offset <= reader[$given] and proof == reader[$givenProof]
    or offset <= reader[$cursor] and proof == reader[$proof]
end
