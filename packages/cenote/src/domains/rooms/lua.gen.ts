// Generated from the *.lua files beside it by `npm run generate`: edit those.

export const dropKey = `local reply = { redis.call('DEL', KEYS[1]) }
redis.call('DEL', KEYS[2])
local rooms = redis.pcall('ZRANGE', KEYS[3], 0, -1)
if not rooms.err then
  for i = 1, #rooms do reply[i + 1] = rooms[i] end
end
return reply
`;

export const dropRoom = `redis.call('DEL', KEYS[1])
local members = redis.pcall('ZRANGE', KEYS[2], 0, -1)
if members.err then return {} end
return members
`;

export const dropViews = `local removed = 0
for i = 1, #ARGV do
  removed = removed + redis.call('DEL', KEYS[2 * i])
  redis.call('DEL', KEYS[2 * i + 1])
  redis.pcall('ZREM', KEYS[1], ARGV[i])
end
return removed
`;

export const noteRooms = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 1, #KEYS do
  local rooms, room, life = KEYS[i], ARGV[2 * i - 1], tonumber(ARGV[2 * i])
  if type(redis.pcall('ZADD', rooms, 'GT', now + life, room)) == 'table' then
    redis.call('DEL', rooms) -- Of another type.
    redis.call('ZADD', rooms, now + life, room)
  end
  redis.call('ZREMRANGEBYSCORE', rooms, '-inf', now)
  if redis.call('PTTL', rooms) < life then redis.call('PEXPIRE', rooms, life) end
end
return #KEYS
`;

export const openView = `local stays, life = tonumber(ARGV[2]), tonumber(ARGV[3])
local head, held = redis.pcall('GETRANGE', KEYS[1], 0, 1023), nil
if type(head) == 'string' then
  local of, its = string.match(head, '^(%S+) (%S+) %S+ %S+\\n')
  if of == ARGV[1] then held = its end
end
if not held then
  held = ARGV[4]
  redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. held .. ' - -\\n', 'PX', ARGV[2])
elseif redis.call('PTTL', KEYS[1]) < stays then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if type(redis.pcall('ZADD', KEYS[2], 'GT', now + life, ARGV[5])) == 'table' then
  redis.call('DEL', KEYS[2]) -- Of another type.
  redis.call('ZADD', KEYS[2], now + life, ARGV[5])
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('PTTL', KEYS[2]) < life then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
return held
`;

export const putViews = `local epoch, least = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply = {}
for i = 1, #KEYS / 4 do
  local headline, index, view, lease = KEYS[4 * i - 3], KEYS[4 * i - 2], KEYS[4 * i - 1], KEYS[4 * i]
  local token, generation, life, member, entry =
    ARGV[5 * i - 2], ARGV[5 * i - 1], tonumber(ARGV[5 * i]), ARGV[5 * i + 1], ARGV[5 * i + 2]
  local head, held = redis.pcall('GETRANGE', headline, 0, 1023), nil
  if type(head) == 'string' then
    local of, its = string.match(head, '^(%S+) (%S+) %S+ %S+\\n')
    if of == epoch then held = its end
  end
  if token ~= '' and redis.call('GET', lease) ~= token then
    reply[i] = 'voided'
  elseif token ~= '' and held ~= generation then
    redis.call('DEL', lease)
    reply[i] = 'voided'
  else
    redis.call('DEL', lease)
    local stays = math.max(least, life)
    if not held then
      held = generation
      redis.call('SET', headline, epoch .. ' ' .. generation .. ' - -\\n', 'PX', stays)
    elseif redis.call('PTTL', headline) < stays then
      redis.call('PEXPIRE', headline, stays)
    end
    redis.call('SET', view, held .. entry, 'PX', life)
    if type(redis.pcall('ZADD', index, now + life, member)) == 'table' then
      redis.call('DEL', index) -- Of another type.
      redis.call('ZADD', index, now + life, member)
    end
    redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
    if redis.call('PTTL', index) < life then redis.call('PEXPIRE', index, life) end
    reply[i] = 'stored'
  end
end
return reply
`;

export const tellMessage = `local head = redis.pcall('GETRANGE', KEYS[1], 0, 1023)
local epoch, generation, at, tie
if type(head) == 'string' then epoch, generation, at, tie = string.match(head, '^(%S+) (%S+) (%S+) (%S+)\\n') end
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
redis.call('SET', KEYS[1], table.concat({ ARGV[1], generation, ARGV[4], ARGV[5] }, ' ') .. '\\n' .. ARGV[6], 'PX', stays)
return 'told'
`;
