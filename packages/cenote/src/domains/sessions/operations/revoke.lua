-- Ends all sessions of a user at once, or all but one: they were made under a generation that is replaced.
-- Atomic because: the one that is kept, and those that are counted, belong to the generation that ends.
-- KEYS  1 the user's sessions by expiry · 2 the user's generation · 3 the record to keep, where there is one
-- ARGV  1 epoch, or '' to trust any · 2 the next generation; sent again it changes nothing · 3 least life of it, ms
--       4 handle of the record to keep, or ''
-- Reply { number of live sessions ended, their handles … }
-- Cost  7 commands, 5 more to keep one; O(sessions of the user). Removing goes first: it works when memory is full, the
--       generation may then be lost, and the kept session with it.
local epoch = ARGV[1]
local generation = redis.call('GET', KEYS[2])
if generation == ARGV[2] then return { 0 } end
if generation and epoch ~= '' and string.sub(generation, 1, #epoch + 1) ~= epoch .. '.' then generation = false end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply, life = { 0 }, tonumber(ARGV[3])
if generation then
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf')) do
    local handle = string.sub(member, 15)
    if handle ~= ARGV[4] then reply[#reply + 1] = handle end
  end
  reply[1] = #reply - 1
end
redis.call('DEL', KEYS[1], KEYS[2])
local value = KEYS[3] and redis.pcall('GET', KEYS[3])
local expires, start, made, place = string.match(type(value) == 'string' and value or '', '^session/1 (%d+) (%d+) (%S+)()\n')
if made and made == generation then
  local left = redis.call('PTTL', KEYS[3])
  life = math.max(life, 2 * left)
  redis.pcall('SET', KEYS[3], 'session/1 ' .. expires .. ' ' .. start .. ' ' .. ARGV[2] .. string.sub(value, place), 'KEEPTTL')
  redis.pcall('ZADD', KEYS[1], expires, start .. '.' .. ARGV[4])
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', left))
end
redis.pcall('SET', KEYS[2], ARGV[2], 'PX', string.format('%.0f', life))
return reply
