-- Reads the first of a user's conversations: the pinned ones, then the others, each newest first.
-- Atomic because: the order, the bodies and the floor must be of one moment.
-- KEYS  1 ordinary · 2 pinned (ids by the time of the last message) · 3 bodies (`:epoch`, `:floor`, `:unread`, id → body)
-- ARGV  1 epoch · 2 how many
-- Reply { known, body… } | { cold }: no list, one of another epoch, one that lost a part, or fewer than asked while there may
--       be more below the floor
-- Cost  7 commands, O(how many)
local ordinary, pinned = redis.pcall('ZCARD', KEYS[1]), redis.pcall('ZCARD', KEYS[2])
if type(ordinary) ~= 'number' or type(pinned) ~= 'number' or redis.pcall('HGET', KEYS[3], ':epoch') ~= ARGV[1]
  or redis.call('HLEN', KEYS[3]) ~= ordinary + pinned + 3 then
  return { 'cold' }
end
local limit = tonumber(ARGV[2])
if ordinary + pinned < limit and redis.call('HGET', KEYS[3], ':floor') ~= '' then return { 'cold' } end

local ids = redis.call('ZRANGE', KEYS[2], 0, limit - 1, 'REV')
if #ids < limit then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, limit - #ids - 1, 'REV')) do ids[#ids + 1] = id end
end
if #ids == 0 then return { 'known' } end
local reply = redis.call('HMGET', KEYS[3], unpack(ids))
table.insert(reply, 1, 'known')
return reply
