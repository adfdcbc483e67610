-- Counts the users of a shard who have a connection now.
-- Atomic because: the time against which connections are judged must be the server's.
-- KEYS  1 expiry
-- Reply the number
-- Cost  2 commands, O(log n)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
