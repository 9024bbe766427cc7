-- end, endAsBearer: closes the session.
--
-- KEYS  the session
-- ARGV  end: reason
--       endAsBearer: secretHash, reason
-- Reply {1, closed session}, or {0} when it was not live or the secret is wrong

operations['end'] = function()
  local key, reason = takeKey(), take()
  local entry = sessions.open(key)
  if not sessions.isLive(entry) then
    return { 0 }
  end
  return { 1, close(entry, reason) }
end

operations.endAsBearer = function()
  local key, secretHash, reason = takeKey(), take(), take()
  local entry = sessions.proven(key, secretHash)
  if not entry then
    return { 0 }
  end
  return { 1, close(entry, reason) }
end
