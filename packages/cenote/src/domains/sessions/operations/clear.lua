-- Remembers that the source knows no revocation of a token, and since when this shard has lost none.
-- Atomic because: a revocation that came meanwhile must stand.
-- KEYS  1 token · 2 since when the shard is complete
-- ARGV  1 epoch · 2 life of the word, ms
-- Reply cleared | revoked
-- Cost  3 to 5 commands
local since = redis.call('GET', KEYS[2])
if not since or string.sub(since, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then
  local time = redis.call('TIME')
  redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
end
if redis.call('GET', KEYS[1]) == 'revoked' then return 'revoked' end
redis.call('SET', KEYS[1], 'clean ' .. ARGV[1], 'PX', ARGV[2])
return 'cleared'
