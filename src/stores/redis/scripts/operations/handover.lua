-- offer, inherit, surrender, inheritSince, withdraw: the steps of `replace` between two buckets of a Cluster, which no
-- single script can access. One handover claims the old session and is offered its content, and the new session
-- inherits a copy.
-- Then the old session is closed, unless it has changed since the offer: in that case the new session inherits the
-- changes, and the old session is asked again. If the node dies before the old session is closed, both sessions stay
-- live, and messages are delivered twice. The last attempt closes a session that has changed, too. If the node dies
-- right after that, the latest changes are lost.
--
-- KEYS  offer, surrender, withdraw: the old session
--       inherit, inheritSince: the new session
-- ARGV  offer: the name of the handover
--       inherit: number of attributes, key and JSON of each, number of messages, each as it was stored
--       surrender: the name of the handover; epoch, tail and digest of the attributes, as the new session inherited
--       them; number of inherited messages that did not fit; 1 for the last attempt, else 0
--       inheritSince: number of changed attributes, for each its key, its JSON at the offer and its JSON at the end (''
--       if it did not exist), number of messages, each as it was stored
--       withdraw: the name of the handover
-- Reply offer: {1, attributes, messages, epoch, tail, digest}, or {'claimed'} by another handover, or a refusal
--       inherit: {1, record, number of messages that did not fit}, or {'claimed'} if another session takes over this
--       one, or a refusal
--       surrender: {1, the old session as closed, messages appended since the offer, attributes}, or the same with an
--       empty list for the session and then epoch, tail and digest if it has changed and was not closed, or {'claimed'}
--       if the claim has expired, or a refusal
--       inheritSince: {1, record, number of messages that did not fit} or a refusal
--       withdraw: {1}

local function claimKey(key)
  return siblingOf(key, '$claimKey')
end

-- Returns a digest of the attributes that does not depend on their order.
local function digestOf(attributes)
  local entries = {}
  for each = 1, #attributes, 2 do
    entries[#entries + 1] = pack({ attributes[each], attributes[each + 1] })
  end
  table.sort(entries)
  return redis.sha1hex(table.concat(entries))
end

operations.offer = function()
  local key, handover = takeKey(), take()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  if not call('SET', claimKey(key), handover, 'NX', 'PX', $claimTimeMs) then
    return { 'claimed' }
  end
  local attributes, elements = sessions.attributes(entry), elementsOf(entry)
  -- `elementsOf` may have dropped aged messages.
  sessions.save(entry)
  return { 1, attributes, elements, entry.fields[$epoch] or '', entry.fields[$tail] or 0, digestOf(attributes) }
end

operations.inherit = function()
  local key = takeKey()
  local attributes, elements = {}, {}
  for each = 1, 2 * takeNumber() do
    attributes[each] = take()
  end
  for each = 1, takeNumber() do
    elements[each] = take()
  end
  local entry, refused = sessions.live(key)
  -- Without this check, two sessions that take over each other would both end.
  if entry and call('EXISTS', claimKey(key)) == 1 then
    return { 'claimed' }
  end
  refused = refused or sessions.refuseInherited(entry, attributes)
  if refused then
    return refused
  end
  local left = inherit(entry, attributes, elements)
  return { 1, sessions.record(entry), left }
end

-- Applies the changes of the old session's attributes to the inherited attributes. The new session's own attributes
-- stay. Does not check the limit of the attributes: the old session may be closed already, and then a refusal would lose
-- changes that were acknowledged.
local function inheritChanges(entry, number)
  local fields = entry.fields
  local attributesKey = siblingOf(entry.key, '$attributesKey')
  for _ = 1, number do
    local attribute, before, after = take(), take(), take()
    if (call('HGET', attributesKey, attribute) or '') ~= before then
      -- This is an attribute of the new session itself.
    elseif after == '' then
      call('HDEL', attributesKey, attribute)
    else
      call('HSET', attributesKey, attribute, after)
    end
  end
  if number > 0 then
    fields[$hasAttributes] = call('EXISTS', attributesKey)
    call('PEXPIREAT', attributesKey, fields[$keepUntil])
    notices.sessionChanged(entry.key)
  end
end

-- Appends the messages after the inherited messages, because they are newer. A message also replaces an inherited
-- message with the same key.
operations.inheritSince = function()
  local key = takeKey()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  startWriting(sessions.indexKey(key))
  inheritChanges(entry, takeNumber())
  messages.dropAged(entry)
  local left = 0
  local number = takeNumber()
  if number > 0 then
    mailboxes.ensure(entry)
  end
  for _ = 1, number do
    local at, messageKey, json = match(take(), '^%d+:(%d+):([^\n]*)\n(.*)$')
    local _, dropped = mailboxes.append(entry, messageKey, json, tonumber(at), 'drop-oldest')
    left = left + dropped
  end
  if number > 0 then
    mailboxes.wake(entry, 'c:' .. nameOf(key))
  end
  sessions.save(entry)
  return { 1, sessions.record(entry), left }
end

operations.surrender = function()
  local key, handover = takeKey(), take()
  local epoch, offset, digest, left, isLast = take(), takeNumber(), take(), takeNumber(), takeNumber() == 1
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  -- After its claim expired, this session may have taken over its receiver: then nothing but this session is left.
  if call('GET', claimKey(key)) ~= handover then
    return { 'claimed' }
  end
  local since = {}
  local fields = entry.fields
  if fields[$epoch] then
    since = messages.beyond(entry, fields[$epoch] == epoch and offset or 0, fields[$count])
  end
  local attributes = sessions.attributes(entry)
  local latestDigest = digestOf(attributes)
  if not isLast and (#since > 0 or digest ~= latestDigest) then
    call('PEXPIRE', claimKey(key), $claimTimeMs)
    return { 1, {}, since, attributes, fields[$epoch] or '', fields[$tail] or 0, latestDigest }
  end
  call('DEL', claimKey(key))
  local closed = close(entry, 'replaced')
  closed[4] = left
  return { 1, closed, since, attributes }
end

operations.withdraw = function()
  local claim, handover = claimKey(takeKey()), take()
  -- The claim may have expired, and another handover may have claimed the session.
  if call('GET', claim) == handover then
    call('DEL', claim)
  end
  return { 1 }
end
