-- Reads the changes of a shard's users that came after a position.
-- Atomic because: what was trimmed away and what is still there must be judged at one moment.
-- KEYS  1 feed
-- ARGV  1 position, '' to learn where the feed stands now
-- Reply { whole | gap, position, change … }; a change is `<number> <who> <status> <user>`. A gap: some may be missing
-- Cost  at most 4 commands, O(log n + changes)
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if ARGV[1] == '' then
  if last then return { 'whole', last } end
  local time = redis.call('TIME')
  return { 'whole', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) - 1) }
end
if not last or tonumber(last) <= tonumber(ARGV[1]) then return { 'whole', ARGV[1] } end
local reply = redis.call('ZRANGE', KEYS[1], '(' .. ARGV[1], '+inf', 'BYSCORE')
-- The feed holds 500: if all of a full feed is new, more may have been.
local word = #reply >= 500 and 'gap' or 'whole'
table.insert(reply, 1, word)
table.insert(reply, 2, last)
return reply
