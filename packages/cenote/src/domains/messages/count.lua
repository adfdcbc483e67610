-- Counts unread messages, or says that the count is not known any more.
-- Atomic because: of two increments none may be lost.
-- KEYS  1 counter, `<epoch> <count>`
-- ARGV  1 epoch · 2 life, ms · 3 by how many, or '' when a count was lost
-- Reply the count as text, or false when it is not known
-- Cost  2 commands
local held = redis.pcall('GET', KEYS[1])
local count = 0
if held then
  local epoch, text = string.match(type(held) == 'string' and held or '', '^(%S+) (%d+)$')
  count = epoch == ARGV[1] and tonumber(text) or nil
end
if ARGV[3] == '' then count = nil end
if count then count = string.format('%.0f', math.min(count + tonumber(ARGV[3]), 9007199254740991)) end
redis.call('SET', KEYS[1], count and ARGV[1] .. ' ' .. count or '?', 'PX', ARGV[2])
return count or false
