-- Changes one of a user's conversations, in a list that is known. Voids the lease: a load that began before may not be stored
-- after. A conversation that the list should show and does not know makes it cold.
-- Atomic because: a conversation is in the order, in the bodies and in the count of unread messages, or in none of them.
-- KEYS  1 ordinary · 2 pinned · 3 bodies · 4 counted (`<conversation> <message>` by when) · 5 lease
-- ARGV  1 epoch · 2 id · 3 what to do, and with what:
--       last   4 time, ms · 5 message id · 6 that message as JSON; one that is not newer changes nothing
--       count  4 by · 5 message id or '' · 6 its time, ms, or '' · 7 how long it is remembered, ms · 8 how many are
--       reset | remove
--       pin, mute  4 1 or 0
-- Reply { changed | same | absent | below (the list is right without it) | cold, its unread messages }
-- Cost  7 commands, up to 8 more; O(log list)
redis.call('DEL', KEYS[5])
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
  body or '', '^(%d+) ([01]) ([01]) (%S+) ([^ \n]*) (%S+) ([^ \n]*)\n([^\n]*)\n()')
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
    .. '\n' .. told .. '\n' .. string.sub(body, at))
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
