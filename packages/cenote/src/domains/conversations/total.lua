-- Says how many messages of a user's conversations are unread.
-- Atomic because: the count must be of a list that is whole, of this epoch.
-- KEYS  1 ordinary · 2 pinned · 3 bodies
-- ARGV  1 epoch
-- Reply { known, unread, of these in muted conversations } | { cold }: no whole list of this epoch
-- Cost  5 commands, O(1)
local ordinary, pinned = redis.pcall('ZCARD', KEYS[1]), redis.pcall('ZCARD', KEYS[2])
if type(ordinary) ~= 'number' or type(pinned) ~= 'number' or redis.pcall('HGET', KEYS[3], ':epoch') ~= ARGV[1]
  or redis.call('HLEN', KEYS[3]) ~= ordinary + pinned + 3 then
  return { 'cold' }
end
local held = redis.call('HMGET', KEYS[3], ':floor', ':unread')
if held[1] ~= '' or not held[2] then return { 'cold' } end
local all, muted = string.match(held[2], '^(%d+) (%d+)$')
return { 'known', all, muted }
