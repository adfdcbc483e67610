-- Says, or learns, whose session a given id is: a created id tells by itself.
-- Atomic because: a tombstone must not be overwritten by a write that began before.
-- KEYS  1 route
-- ARGV  1 learn | move: also when it is another user's | keep: prolong only | bury: a tombstone where there is none
--       2 tag of the user, for learn and move · 3 life, ms
-- Reply { tag | gone | absent }: what stood there, or stands there now with learn and move
-- Cost  at most 3 commands. A route is given twice its life, and so seldom.
local held = redis.call('GET', KEYS[1])
if held == 'gone' then return { 'gone' } end
local twice = string.format('%.0f', 2 * ARGV[3])
if ARGV[1] == 'bury' then
  if not held then redis.call('SET', KEYS[1], 'gone', 'PX', ARGV[3]) end
elseif ARGV[1] == 'move' or (ARGV[1] == 'learn' and not held) then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', twice)
  return { ARGV[2] }
elseif held and redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
  redis.call('PEXPIRE', KEYS[1], twice)
end
return { held or 'absent' }
