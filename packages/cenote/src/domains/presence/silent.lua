-- Tells which shards there is something to sweep in: users who have fallen silent, or who are gone for long.
-- Atomic because: the time against which connections are judged must be the server's.
-- KEYS  for each shard: expiry, last seen
-- ARGV  1 how long last seen is kept, ms
-- Reply { 1 | 0 … }
-- Cost  1 command and at most 2 a shard, O(log n) each
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit, old = string.format('%.0f', now), string.format('%.0f', now - ARGV[1])
local reply = {}
for i = 1, #KEYS, 2 do
  local some = redis.call('ZCOUNT', KEYS[i], '-inf', limit) > 0 or redis.call('ZCOUNT', KEYS[i + 1], '-inf', old) > 0
  reply[#reply + 1] = some and 1 or 0
end
return reply
