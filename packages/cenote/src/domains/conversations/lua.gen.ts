// Generated from the *.lua files beside it by `npm run generate`: edit those.

export const edit = `redis.call('DEL', KEYS[5])
local epoch, id, verb = ARGV[1], ARGV[2], ARGV[3]

-- Also when the list is cold: what is loaded next has this message in its count.
local isRepeated = false
if verb == 'count' and ARGV[5] ~= '' then
  local seen = redis.pcall('ZSCORE', KEYS[4], id .. ' ' .. ARGV[5])
  if type(seen) == 'table' then redis.call('DEL', KEYS[4]) end
  isRepeated = type(seen) == 'string'
  if not isRepeated then
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('ZADD', KEYS[4], now, id .. ' ' .. ARGV[5])
    redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('%.0f', now - tonumber(ARGV[7])))
    redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1 - tonumber(ARGV[8]))
    redis.call('PEXPIRE', KEYS[4], ARGV[7])
  end
end

local ordinary, pinned = redis.pcall('ZCARD', KEYS[1]), redis.pcall('ZCARD', KEYS[2])
if type(ordinary) ~= 'number' or type(pinned) ~= 'number' or redis.pcall('HGET', KEYS[3], ':epoch') ~= epoch
  or redis.call('HLEN', KEYS[3]) ~= ordinary + pinned + 3 then
  return { 'cold', 0 }
end

local function number(text) return text == '-inf' and -math.huge or tonumber(text) end

-- Lua compares texts by the server's locale; ids are ordered by their bytes.
local function precedes(time, message, thanTime, than)
  if number(time) ~= number(thanTime) then return number(time) < number(thanTime) end
  for i = 1, math.min(#message, #than) do
    local x, y = string.byte(message, i), string.byte(than, i)
    if x ~= y then return x < y end
  end
  return #message < #than
end

local held = redis.call('HMGET', KEYS[3], id, ':floor', ':unread')
local body, floorPin, floorTime, floorId = held[1], string.match(held[2], '^(%d) (%S+) (%S+)$')
if not body then
  local isSought = verb == 'last' or verb == 'count' or (verb == 'pin' and ARGV[4] == '1')
  if not isSought or isRepeated then return { 'absent', 0 } end
  if floorPin and verb == 'count' then return { 'below', 0 } end
  if floorPin and verb == 'last' and precedes(ARGV[4], id, floorTime, floorId) then return { 'below', 0 } end
end

local unread, pin, mute, time, last, settledTime, settled, told, at = string.match(
  body or '', '^(%d+) ([01]) ([01]) (%S+) ([^ \\n]*) (%S+) ([^ \\n]*)\\n([^\\n]*)\\n()')
if not unread then
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
  return { 'cold', 0 }
end
unread = tonumber(unread)
if settledTime == '=' then settledTime, settled = time, last end
local all, muted = string.match(held[3], '^(%d+) (%d+)$')
all, muted = tonumber(all), tonumber(muted)
all = all - unread
if mute == '1' then muted = muted - unread end

local wasPinned, wasTime, isGone = pin, time, verb == 'remove'
if verb == 'last' then
  if not precedes(time, last, ARGV[4], ARGV[5]) then return { 'same', unread } end
  time, last, told = ARGV[4], ARGV[5], ARGV[6]
elseif verb == 'count' then
  local isSettled = ARGV[5] ~= '' and (ARGV[5] == settled or (ARGV[6] ~= '' and precedes(ARGV[6], ARGV[5], settledTime, settled)))
  if isRepeated or isSettled then return { 'same', unread } end
  unread = unread + tonumber(ARGV[4])
elseif verb == 'reset' then
  unread = 0
  if precedes(settledTime, settled, time, last) then settledTime, settled = time, last end
elseif verb == 'pin' then
  pin = ARGV[4]
elseif verb == 'mute' then
  mute = ARGV[4]
end

local word = 'changed'
if floorPin and not isGone then
  if pin == floorPin then isGone = precedes(time, id, floorTime, floorId) else isGone = floorPin == '1' end
  if isGone then word = 'below' end
end
if isGone then
  redis.call('ZREM', wasPinned == '1' and KEYS[2] or KEYS[1], id)
  redis.call('HDEL', KEYS[3], id)
else
  all = all + unread
  if mute == '1' then muted = muted + unread end
  if settledTime == time and settled == last then settledTime, settled = '=', '' end
  redis.call('HSET', KEYS[3], id, table.concat({ string.format('%.0f', unread), pin, mute, time, last, settledTime, settled }, ' ')
    .. '\\n' .. told .. '\\n' .. string.sub(body, at))
  if pin ~= wasPinned or time ~= wasTime then
    local place = pin == '1' and KEYS[2] or KEYS[1]
    redis.call('ZADD', place, time, id)
    if pin ~= wasPinned then
      redis.call('ZREM', wasPinned == '1' and KEYS[2] or KEYS[1], id)
      redis.call('PEXPIRE', place, redis.call('PTTL', KEYS[3]))
    end
  end
end
redis.call('HSET', KEYS[3], ':unread', string.format('%.0f %.0f', all, muted))
return { word, unread }
`;

export const page = `local ordinary, pinned = redis.pcall('ZCARD', KEYS[1]), redis.pcall('ZCARD', KEYS[2])
if type(ordinary) ~= 'number' or type(pinned) ~= 'number' or redis.pcall('HGET', KEYS[3], ':epoch') ~= ARGV[1]
  or redis.call('HLEN', KEYS[3]) ~= ordinary + pinned + 3 then
  return { 'cold' }
end
local limit = tonumber(ARGV[2])
if ordinary + pinned < limit and redis.call('HGET', KEYS[3], ':floor') ~= '' then return { 'cold' } end

local ids = redis.call('ZRANGE', KEYS[2], 0, limit - 1, 'REV')
if #ids < limit then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, limit - #ids - 1, 'REV')) do ids[#ids + 1] = id end
end
if #ids == 0 then return { 'known' } end
local reply = redis.call('HMGET', KEYS[3], unpack(ids))
table.insert(reply, 1, 'known')
return reply
`;

export const replace = `if ARGV[2] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[2] then return 'voided' end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
redis.call('HSET', KEYS[3], ':epoch', ARGV[1], ':floor', ARGV[4], ':unread', ARGV[5])
for i = 6, #ARGV, 4 do
  redis.call('ZADD', ARGV[i + 1] == '1' and KEYS[2] or KEYS[1], ARGV[i + 2], ARGV[i])
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 3])
end
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
return 'stored'
`;

export const total = `local ordinary, pinned = redis.pcall('ZCARD', KEYS[1]), redis.pcall('ZCARD', KEYS[2])
if type(ordinary) ~= 'number' or type(pinned) ~= 'number' or redis.pcall('HGET', KEYS[3], ':epoch') ~= ARGV[1]
  or redis.call('HLEN', KEYS[3]) ~= ordinary + pinned + 3 then
  return { 'cold' }
end
local held = redis.call('HMGET', KEYS[3], ':floor', ':unread')
if held[1] ~= '' or not held[2] then return { 'cold' } end
local all, muted = string.match(held[2], '^(%d+) (%d+)$')
return { 'known', all, muted }
`;
