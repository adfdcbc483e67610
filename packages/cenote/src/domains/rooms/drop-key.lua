-- Removes the message under a cache key, voids its lease, and says which rooms have a view under the same key.
-- Atomic because: a fill between removing and voiding would bring the removed message back.
-- KEYS  1 message · 2 its lease · 3 rooms of the cache key
-- Reply { number of messages that were there, room id … }
-- Cost  3 commands, O(rooms)
local reply = { redis.call('DEL', KEYS[1]) }
redis.call('DEL', KEYS[2])
local rooms = redis.pcall('ZRANGE', KEYS[3], 0, -1)
if not rooms.err then
  for i = 1, #rooms do reply[i + 1] = rooms[i] end
end
return reply
