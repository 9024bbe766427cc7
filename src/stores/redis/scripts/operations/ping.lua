-- ping: checks that the bucket accepts writes. If it does not, the call fails with the refusal of the server: on a
-- replica (READONLY), when memory is used up (OOM), when persistence fails (MISCONF), without enough replicas
-- (NOREPLICAS).
--
-- KEYS  a key that never exists
-- Reply {1}

operations.ping = function()
  -- Redis refuses this command like any write that needs memory. But the command writes nothing, creates no key, and is
  -- not replicated.
  call('SETRANGE', takeKey(), 0, '')
  return { 1 }
end
