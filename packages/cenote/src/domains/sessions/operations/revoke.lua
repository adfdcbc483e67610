-- Ends the sessions of a user that began until a moment, all at once, or all but one: the moment becomes part of the user's
-- standing. Said again, or later than another, it takes nothing from sessions that began since.
-- Atomic because: those that are counted, and the one that is kept, are those that the moment divides.
-- KEYS  1 the user's sessions by expiry · 2 the user's standing · 3 the record to keep, where there is one
-- ARGV  1 epoch, or '' to trust any · 2 the moment, epoch ms, or '' for now · 3 a generation, for a user who has none
--       4 least life of the standing, ms · 5 handle of the record to keep, or ''
-- Reply { number of live sessions ended, their handles … }
-- Cost  4 commands, 1 a session, 5 more to keep one; O(sessions of the user). Removing goes first: it works when memory is
--       full, the standing may then be lost, and all sessions of the user with it.
local epoch = ARGV[1]
local generation, till = string.match(redis.call('GET', KEYS[2]) or '', '^(%S+) (%d+)$')
if generation and epoch ~= '' and string.sub(generation, 1, #epoch + 1) ~= epoch .. '.' then generation = false end
if not generation then
  redis.call('DEL', KEYS[1])
  generation, till = ARGV[3], 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local members = redis.call('ZRANGE', KEYS[1], 0, -1)
local at = tonumber(ARGV[2])
if not at then
  at = now
  -- Who logged in within one millisecond began in the future.
  for i = 1, #members do at = math.max(at, string.sub(members[i], 1, 13)) end
end
if at <= tonumber(till) then return { 0 } end

local life = math.max(ARGV[4], redis.call('PTTL', KEYS[2]))
redis.call('DEL', KEYS[2])
local reply = { 0 }
for i = 1, #members do
  local handle = string.sub(members[i], 15)
  if tonumber(string.sub(members[i], 1, 13)) <= at then
    redis.call('ZREM', KEYS[1], members[i])
    if handle ~= ARGV[5] then reply[#reply + 1] = handle end
  end
end
reply[1] = #reply - 1
local value = KEYS[3] and redis.pcall('GET', KEYS[3])
local expires, start, since, made, place =
  string.match(type(value) == 'string' and value or '', '^session/1 (%d+) (%d+) (%d+) (%S+)()\n')
if made == generation and tonumber(since) > tonumber(till) and tonumber(since) <= at then
  local later = string.format('%013.0f', at + 1)
  local head = table.concat({ 'session/1', expires, start, later, generation }, ' ')
  redis.pcall('SET', KEYS[3], head .. string.sub(value, place), 'KEEPTTL')
  redis.pcall('ZADD', KEYS[1], expires, later .. '.' .. ARGV[5])
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(1, redis.call('PTTL', KEYS[1]), redis.call('PTTL', KEYS[3]))))
end
redis.pcall('SET', KEYS[2], generation .. string.format(' %.0f', at), 'PX', string.format('%.0f', life))
return reply
