-- Tells who types in a conversation, in the order in which they will have stopped; or whether one user does.
-- Atomic because: the time against which they are judged must be the server's.
-- KEYS  1 typing
-- ARGV  1 user, '' for all
-- Reply { user … }
-- Cost  2 commands, O(those who type); O(1) for one user
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] == '' then return redis.call('ZRANGE', KEYS[1], '(' .. string.format('%.0f', now), '+inf', 'BYSCORE') end
local expires = redis.call('ZSCORE', KEYS[1], ARGV[1])
return expires and tonumber(expires) > now and { ARGV[1] } or {}
