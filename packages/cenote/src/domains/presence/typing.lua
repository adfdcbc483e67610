-- Notes that a user types in a conversation, or no longer does.
-- Atomic because: the time of expiry must be the server's, and nobody may be trimmed who types again.
-- KEYS  1 typing
-- ARGV  1 user · 2 for how long, ms; '' for no longer
-- Reply ok
-- Cost  at most 5 commands, O(log n)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if ARGV[2] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
end
return 'ok'
