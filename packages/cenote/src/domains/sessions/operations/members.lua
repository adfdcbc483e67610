-- How many live sessions a user has, or which.
-- Atomic because: an index counts only while the user's generation stands.
-- KEYS  1 the user's sessions by expiry · 2 the user's standing
-- ARGV  1 epoch, or '' to trust any · 2 'count' or 'handles'
-- Reply { number } | { handle … }, the first to expire first
-- Cost  3 commands; O(log sessions) to count, O(sessions) for handles. Writes nothing.
local epoch, count = ARGV[1], ARGV[2] == 'count'
local generation = redis.call('GET', KEYS[2])
if not generation or (epoch ~= '' and string.sub(generation, 1, #epoch + 1) ~= epoch .. '.') then
  return count and { 0 } or {}
end
local time = redis.call('TIME')
local from = string.format('(%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if count then return { redis.call('ZCOUNT', KEYS[1], from, '+inf') } end
local members = redis.call('ZRANGEBYSCORE', KEYS[1], from, '+inf')
for i = 1, #members do members[i] = string.sub(members[i], 15) end
return members
