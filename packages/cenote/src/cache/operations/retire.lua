-- Invalidates tags: their versions go, and every entry loaded under them is dead at its next read.
-- Atomic because: a hold that still settles must not be lifted by a second invalidation.
-- KEYS  tags (same partition)
-- ARGV  1 settle, ms: captures see a hold for that long and do not fill; 0 for none
-- Reply number of tags
-- Cost  2 commands a tag. Removing goes first: it works when memory is full, a hold may then be lost.
local settle = tonumber(ARGV[1])
for i = 1, #KEYS do
  local left = redis.call('GET', KEYS[i]) == 'hold' and redis.call('PTTL', KEYS[i]) or 0
  if left <= 0 or left < settle then
    redis.call('DEL', KEYS[i])
    if settle > 0 then redis.pcall('SET', KEYS[i], 'hold', 'PX', ARGV[1]) end
  end
end
return #KEYS
