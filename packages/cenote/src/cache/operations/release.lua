-- Gives a lease back: at once, or leaving a cool-off that keeps refreshers away after a failed load.
-- Atomic because: a lease that changed hands is not ours to give.
-- KEYS  1 lease
-- ARGV  1 token · 2 cool-off, ms; 0 for none
-- Reply released | lost
-- Cost  2 commands
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], 'cool:' .. ARGV[1], 'PX', ARGV[2])
end
return 'released'
