-- Lists users of a shard who have a connection now, in the order of their ids: an order that heartbeats do not change.
-- Atomic because: names and their records must be of the same moment.
-- KEYS  1 users · 2 names
-- ARGV  1 the user behind whom to begin, '' for the first · 2 most names to look at, up to 1,000
-- Reply { the last name looked at, '' at the end of the shard; user … }
-- Cost  3 commands, O(log n + names looked at)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local names = redis.call('ZRANGE', KEYS[2], from, '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
if #names == 0 then return { '' } end
local records = redis.call('HMGET', KEYS[1], unpack(names))
local reply = { #names == tonumber(ARGV[2]) and names[#names] or '' }
for i, name in ipairs(names) do
  local expires = records[i] and string.match(records[i], '^%a+ %d+ (%d+)')
  if expires and tonumber(expires) > now then reply[#reply + 1] = name end
end
return reply
