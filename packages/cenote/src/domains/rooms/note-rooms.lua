-- Notes which rooms have a view under a cache key, so that the key alone is enough to drop them all.
-- Atomic because: a lifetime that is set by itself could end between an addition and its extension.
-- KEYS  rooms of a cache key, … (one slot, or one server)
-- ARGV  for each: room id · life of its view at least, ms
-- Reply number of keys
-- Cost  3 commands a key, at most 6, O(log rooms + rooms that expired)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 1, #KEYS do
  local rooms, room, life = KEYS[i], ARGV[2 * i - 1], tonumber(ARGV[2 * i])
  if type(redis.pcall('ZADD', rooms, 'GT', now + life, room)) == 'table' then
    redis.call('DEL', rooms) -- Of another type.
    redis.call('ZADD', rooms, now + life, room)
  end
  redis.call('ZREMRANGEBYSCORE', rooms, '-inf', now)
  if redis.call('PTTL', rooms) < life then redis.call('PEXPIRE', rooms, life) end
end
return #KEYS
