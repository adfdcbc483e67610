-- Reads the changes of shards' users that came after a position in each.
-- Atomic because: what was trimmed away and what is still there must be judged at one moment.
-- KEYS  feed of a shard …
-- ARGV  for each key: position, '' to learn where the feed stands now
-- Reply { { whole | gap, position, change … } … }; a change is `<number> <who> <status> <user>`. A gap: some may be missing
-- Cost  at most 2 commands a shard and 1, O(log n + changes)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply = {}
for i, feed in ipairs(KEYS) do
  local position = ARGV[i]
  local last = redis.call('ZRANGE', feed, -1, -1, 'WITHSCORES')[2]
  if position == '' then
    reply[i] = { 'whole', last or string.format('%.0f', now - 1) }
  elseif not last or tonumber(last) <= tonumber(position) then
    reply[i] = { 'whole', position }
  else
    local found = redis.call('ZRANGE', feed, '(' .. position, '+inf', 'BYSCORE')
    -- The feed holds 500: if all of a full feed is new, more may have been.
    local word = #found >= 500 and 'gap' or 'whole'
    table.insert(found, 1, word)
    table.insert(found, 2, last)
    reply[i] = found
  end
end
return reply
