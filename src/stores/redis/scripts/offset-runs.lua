-- A set of offsets as runs of consecutive offsets (first, last, first, last, …): the offsets of keyed messages that
-- newer messages replaced. src/mailbox/offset-runs.ts has the same rules, and explains them.

local runs = {}

function runs.add(bounds, offset)
  local index = #bounds
  while index > 0 and bounds[index - 1] > offset do
    index = index - 2
  end
  local joinsPrevious = index > 0 and bounds[index] == offset - 1
  local joinsNext = bounds[index + 1] == offset + 1
  if joinsPrevious and joinsNext then
    table.remove(bounds, index)
    table.remove(bounds, index)
  elseif joinsPrevious then
    bounds[index] = offset
  elseif joinsNext then
    bounds[index + 1] = offset
  else
    table.insert(bounds, index + 1, offset)
    table.insert(bounds, index + 1, offset)
  end
  if #bounds > 512 then
    table.remove(bounds, 1)
    table.remove(bounds, 1)
  end
end

-- Returns the number of offsets of the set in (after, upTo].
function runs.countWithin(bounds, after, upTo)
  local count = 0
  for index = #bounds - 1, 1, -2 do
    if bounds[index + 1] <= after then
      break
    end
    local first = max(bounds[index], after + 1)
    local last = min(bounds[index + 1], upTo)
    if last >= first then
      count = count + last - first + 1
    end
  end
  return count
end

function runs.forgetUpTo(bounds, offset)
  while bounds[2] and bounds[2] <= offset do
    table.remove(bounds, 1)
    table.remove(bounds, 1)
  end
end
