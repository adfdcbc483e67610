-- Before a load: captures the room's generation, making it where it is missing, and enters the view in the room's index, so
-- that a drop of the room finds the load's lease.
-- Atomic because: two that find the generation missing must agree on one.
-- KEYS  1 headline of the room · 2 index of its views
-- ARGV  1 epoch · 2 life of the headline at least, ms · 3 life of the index's member at least, ms · 4 a fresh generation
--       5 member of the index
-- Reply the generation
-- Cost  6 commands, at most 10, O(log views + views that expired)
local stays, life = tonumber(ARGV[2]), tonumber(ARGV[3])
local head, held = redis.pcall('GETRANGE', KEYS[1], 0, 1023), nil
if type(head) == 'string' then
  local of, its = string.match(head, '^(%S+) (%S+) %S+ %S+\n')
  if of == ARGV[1] then held = its end
end
if not held then
  held = ARGV[4]
  redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. held .. ' - -\n', 'PX', ARGV[2])
elseif redis.call('PTTL', KEYS[1]) < stays then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if type(redis.pcall('ZADD', KEYS[2], 'GT', now + life, ARGV[5])) == 'table' then
  redis.call('DEL', KEYS[2]) -- Of another type.
  redis.call('ZADD', KEYS[2], now + life, ARGV[5])
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('PTTL', KEYS[2]) < life then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
return held
