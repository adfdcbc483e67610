-- Moves a live session to another id: same data, start and expiry. The old id leaves a tombstone.
-- Atomic because: at no moment may both ids be good, or neither.
-- KEYS  1 the user's sessions by expiry · 2 the user's standing · 3 old record · 4 new record
-- ARGV  1 epoch, or '' to trust any · 2 old handle · 3 new handle · 4 life of a tombstone, ms
-- Reply rotated | gone: the old one is deleted | cold: it is not stored | taken: the new id is, or was, a session
-- Cost  3 commands, 5 more when it is moved
local epoch = ARGV[1]
local function ofEpoch(generation)
  return epoch == '' or string.sub(generation, 1, #epoch + 1) == epoch .. '.'
end
local value = redis.pcall('GET', KEYS[3])
if type(value) ~= 'string' then value = '' end
if value == 'session/gone' then return 'gone' end
local expires, since, made = string.match(value, '^session/1 (%d+) %d+ (%d+) (%S+)\n')
local generation, till = string.match(redis.call('GET', KEYS[2]) or '', '^(%S+) (%d+)$')
if not made or not generation or not ofEpoch(generation) or not ofEpoch(made) then return 'cold' end
if made ~= generation or tonumber(since) <= tonumber(till) then return 'gone' end
if redis.call('EXISTS', KEYS[4]) == 1 then return 'taken' end
redis.call('SET', KEYS[4], value, 'PX', string.format('%.0f', math.max(1, redis.call('PTTL', KEYS[3]))))
redis.call('SET', KEYS[3], 'session/gone', 'PX', ARGV[4])
redis.call('ZREM', KEYS[1], since .. '.' .. ARGV[2])
redis.call('ZADD', KEYS[1], expires, since .. '.' .. ARGV[3])
return 'rotated'
