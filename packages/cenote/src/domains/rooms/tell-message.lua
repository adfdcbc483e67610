-- Makes a message the last one of its room, for all views at once, unless a newer one is.
-- Atomic because: two messages of one moment must leave the newer one, whichever comes last.
-- KEYS  1 headline of the room
-- ARGV  1 epoch · 2 life of the headline at least, ms · 3 a fresh generation for a headline that is missing
--       4 time of the message, ms · 5 what decides between messages of one millisecond, compared bytewise · 6 its entry
-- Reply told | older; older also for the same message again
-- Cost  at most 3 commands, O(1) however many views there are
local head = redis.pcall('GETRANGE', KEYS[1], 0, 1023)
local epoch, generation, at, tie
if type(head) == 'string' then epoch, generation, at, tie = string.match(head, '^(%S+) (%S+) (%S+) (%S+)\n') end
local stays = tonumber(ARGV[2])
if epoch ~= ARGV[1] then
  generation, at = ARGV[3], '-'
else
  stays = math.max(stays, redis.call('PTTL', KEYS[1]))
end
-- Not by Lua's own comparison of texts: it follows the server's locale.
local function newer(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x > y end
  end
  return #a > #b
end
if at ~= '-' then
  local old, new = tonumber(at), tonumber(ARGV[4])
  if new < old or (new == old and not newer(ARGV[5], tie)) then return 'older' end
end
redis.call('SET', KEYS[1], table.concat({ ARGV[1], generation, ARGV[4], ARGV[5] }, ' ') .. '\n' .. ARGV[6], 'PX', stays)
return 'told'
