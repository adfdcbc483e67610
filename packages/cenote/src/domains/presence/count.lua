-- Counts the users of shards who have a connection now.
-- Atomic because: the time against which connections are judged must be the server's.
-- KEYS  expiry of a shard …
-- Reply { number … }
-- Cost  1 command and 1 a shard, O(log n) each
local time = redis.call('TIME')
local after = '(' .. string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local reply = {}
for i, key in ipairs(KEYS) do reply[i] = redis.call('ZCOUNT', key, after, '+inf') end
return reply
