-- mark: writes a key that nothing reads. It is the last call of each batch that waits for replicas: `WAIT` covers only
-- the data up to the last write of its own connection, but a reply may rely on a later write of another connection.
--
-- KEYS  the bucket's mark
-- Reply {1}

operations.mark = function()
  local key = takeKey()
  -- SET alone would not do: Redis refuses it when memory is used up, although it permits an earlier logout.
  if call('PEXPIRE', key, $markTimeMs) == 0 then
    call('SET', key, '', 'PX', $markTimeMs)
  end
  return { 1 }
end
