-- recordClient: records the current address and user agent of the session's client.
--
-- KEYS  the session
-- ARGV  address, user agent
-- Reply {1, record} or a refusal

operations.recordClient = function()
  local key, ip, userAgent = takeKey(), take(), take()
  local entry, refused = sessions.live(key)
  if not entry then
    return refused
  end
  local amendments = sessions.amend(entry)
  amendments[$lastIp] = ip
  amendments[$lastUserAgent] = userAgent
  messages.dropAged(entry)
  sessions.save(entry)
  return { 1, sessions.record(entry) }
end
