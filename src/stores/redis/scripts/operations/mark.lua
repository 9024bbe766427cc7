-- mark: a write that changes nothing that is read. It ends each batch that waits for replicas, because `WAIT` covers what its
-- own connection wrote last, and a call may answer by what another connection wrote.
--
-- KEYS  the bucket's mark
-- Reply {1}

operations.mark = function()
  local key = takeKey()
  -- Not SET alone: Redis refuses it when memory is used up, although a logout before it was allowed.
  if call('PEXPIRE', key, $markTimeMs) == 0 then
    call('SET', key, '', 'PX', $markTimeMs)
  end
  return { 1 }
end
