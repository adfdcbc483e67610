-- Puts a message in its place in a known list, or replaces the one that has its id. Voids the list's lease: a load that
-- began before may not be stored after.
-- Atomic because: a message is in the order and in the bodies or in neither, and two adds must not trim the same one twice.
-- KEYS  1 order · 2 bodies · 3 marks (id → when it is forgotten, with the status in the last digit) · 4 lease
--       5 the message's note, where one server holds all: noted first, as `place` does, which saves a round trip
-- ARGV  1 epoch · 2 longest life that the list may have from now on, ms, or '' · 3 most messages · 4 add | edit (only what
--       is there) · 5 id · 6 createdAt, ms · 7 status, 0 to 4 · 8 version or '' · 9 payload · 10 conversation
-- Reply added | edited | older (a newer version stays) | below (older than what the list holds) | deleted | absent | cold
-- Cost  8 commands, up to 10 more; O(log list)
redis.call('DEL', KEYS[4])
local status = tonumber(ARGV[7])
if KEYS[5] then
  local note, left = redis.pcall('GET', KEYS[5]), redis.call('PTTL', KEYS[5])
  local noted, conversation = string.match(type(note) == 'string' and note or '', '^(%d) (.*)$')
  if conversation ~= ARGV[10] then
    redis.call('SET', KEYS[5], (noted or '0') .. ' ' .. ARGV[10], 'PX', math.max(left, tonumber(ARGV[2])))
  elseif left < tonumber(ARGV[2]) then
    redis.call('PEXPIRE', KEYS[5], ARGV[2])
  end
  status = math.max(status, tonumber(noted or '0'))
end
local held = redis.pcall('ZCARD', KEYS[1])
if type(held) ~= 'number' or redis.pcall('HGET', KEYS[2], ':epoch') ~= ARGV[1] or redis.call('HLEN', KEYS[2]) ~= held + 2 then
  return 'cold'
end

local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local life = redis.call('PTTL', KEYS[2])
if ARGV[2] ~= '' and life > tonumber(ARGV[2]) then
  life = tonumber(ARGV[2])
  redis.call('PEXPIRE', KEYS[1], life)
  redis.call('PEXPIRE', KEYS[2], life)
end

local id, version, payload = ARGV[5], ARGV[8], ARGV[9]
local mark = redis.pcall('ZSCORE', KEYS[3], id)
status = math.max(status, type(mark) == 'string' and tonumber(mark) % 10 or 0)
if status == 4 then return 'deleted' end

local word, body = 'edited', redis.call('HGET', KEYS[2], id)
if body then
  local was, its, at = string.match(body, '^(%d) (%d*)\n()')
  status = math.max(status, tonumber(was))
  if version < its then word, version, payload = 'older', its, string.sub(body, at) end
else
  if ARGV[4] == 'edit' then return 'absent' end
  word = 'added'
end
local time, floor = string.match(redis.call('HGET', KEYS[2], ':floor'), '^(%S+) (.*)$')
if time and word ~= 'older' then
  local from, to = tonumber(ARGV[6]), tonumber(time)
  if from < to or (from == to and precedes(id, floor)) then
    redis.call('ZREM', KEYS[1], id)
    redis.call('HDEL', KEYS[2], id)
    return 'below'
  end
end
if word == 'added' then held = held + 1 end
redis.call('HSET', KEYS[2], id, string.format('%d %s\n', status, version) .. payload)
if word ~= 'older' then
  redis.call('ZADD', KEYS[1], ARGV[6], id)
  if held == 1 then redis.call('PEXPIRE', KEYS[1], life) end
end

local trimmed = held > tonumber(ARGV[3])
while held > tonumber(ARGV[3]) do
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
  redis.call('ZREM', KEYS[1], oldest)
  redis.call('HDEL', KEYS[2], oldest)
  held = held - 1
end
if trimmed then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  redis.call('HSET', KEYS[2], ':floor', oldest[2] .. ' ' .. oldest[1])
end
return word
