-- ping: whether this bucket can be written. Fails with the server's own refusal where it can't: on a replica (READONLY), when
-- memory is used up (OOM), when persistence fails (MISCONF), without enough replicas (NOREPLICAS).
--
-- KEYS  a key that never exists
-- Reply {1}

operations.ping = function()
  -- Redis refuses it like any write that needs memory; but it writes nothing, creates no key and is not replicated.
  call('SETRANGE', takeKey(), 0, '')
  return { 1 }
end
