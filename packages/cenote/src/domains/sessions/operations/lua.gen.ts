// Generated from the *.lua files beside it by `npm run generate`: edit those.

export const ban = `if redis.call('GET', KEYS[1]) ~= 'revoked' or redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], 'revoked', 'PX', ARGV[1])
end
return 'revoked'
`;

export const bury = `local epoch, count = ARGV[1], 0
local generation, till = string.match(redis.call('GET', KEYS[2]) or '', '^(%S+) (%d+)$')
if generation and epoch ~= '' and string.sub(generation, 1, #epoch + 1) ~= epoch .. '.' then generation = false end
for i = 3, #KEYS do
  local head = redis.pcall('GETRANGE', KEYS[i], 0, 127)
  local since, made = string.match(type(head) == 'string' and head or '', '^session/1 %d+ %d+ (%d+) (%S+)\\n')
  local live = made and made == generation and tonumber(since) > tonumber(till)
  if ARGV[3] == 'all' or (made and not live) then
    if live then count = count + 1 end
    if head ~= 'session/gone' then redis.call('DEL', KEYS[i]) end
    if since then redis.call('ZREM', KEYS[1], since .. '.' .. ARGV[i + 1]) end
    if ARGV[2] ~= '0' then redis.pcall('SET', KEYS[i], 'session/gone', 'PX', ARGV[2]) end
  end
end
return count
`;

export const clear = `local since = redis.call('GET', KEYS[2])
if not since or string.sub(since, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then
  local time = redis.call('TIME')
  redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
end
if redis.call('GET', KEYS[1]) == 'revoked' then return 'revoked' end
redis.call('SET', KEYS[1], 'clean ' .. ARGV[1], 'PX', ARGV[2])
return 'cleared'
`;

export const extend = `local epoch = ARGV[1]
local function ofEpoch(generation)
  return epoch == '' or string.sub(generation, 1, #epoch + 1) == epoch .. '.'
end
local head = redis.pcall('GETRANGE', KEYS[3], 0, 127)
if head == 'session/gone' then return 'gone' end
local expires, start, since, made =
  string.match(type(head) == 'string' and head or '', '^session/1 (%d+) (%d+) (%d+) (%S+)\\n')
local generation, till = string.match(redis.call('GET', KEYS[2]) or '', '^(%S+) (%d+)$')
if not made or not generation or not ofEpoch(generation) or not ofEpoch(made) then return 'cold' end
if made ~= generation or tonumber(since) <= tonumber(till) then return 'gone' end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = now + ARGV[3]
if ARGV[4] ~= '' then ends = math.min(ends, start + ARGV[4]) end
if ends <= now then return 'gone' end
local gain = ends - expires
if gain >= 0 and gain < tonumber(ARGV[5]) then return 'extended' end
local life = ends - now
local endText, lifeText = string.format('%013.0f', ends), string.format('%.0f', life)
redis.call('SETRANGE', KEYS[3], 10, endText)
redis.call('PEXPIRE', KEYS[3], lifeText)
redis.call('ZADD', KEYS[1], endText, since .. '.' .. ARGV[2])
if redis.call('PTTL', KEYS[1]) < life then redis.call('PEXPIRE', KEYS[1], lifeText) end
if redis.call('PTTL', KEYS[2]) < life then redis.call('PEXPIRE', KEYS[2], string.format('%.0f', 2 * life)) end
return 'extended'
`;

export const members = `local epoch, count = ARGV[1], ARGV[2] == 'count'
local generation = redis.call('GET', KEYS[2])
if not generation or (epoch ~= '' and string.sub(generation, 1, #epoch + 1) ~= epoch .. '.') then
  return count and { 0 } or {}
end
local time = redis.call('TIME')
local from = string.format('(%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if count then return { redis.call('ZCOUNT', KEYS[1], from, '+inf') } end
local members = redis.call('ZRANGEBYSCORE', KEYS[1], from, '+inf')
for i = 1, #members do members[i] = string.sub(members[i], 15) end
return members
`;

export const revoke = `local epoch = ARGV[1]
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
  string.match(type(value) == 'string' and value or '', '^session/1 (%d+) (%d+) (%d+) (%S+)()\\n')
if made == generation and tonumber(since) > tonumber(till) and tonumber(since) <= at then
  local later = string.format('%013.0f', at + 1)
  local head = table.concat({ 'session/1', expires, start, later, generation }, ' ')
  redis.pcall('SET', KEYS[3], head .. string.sub(value, place), 'KEEPTTL')
  redis.pcall('ZADD', KEYS[1], expires, later .. '.' .. ARGV[5])
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(1, redis.call('PTTL', KEYS[1]), redis.call('PTTL', KEYS[3]))))
end
redis.pcall('SET', KEYS[2], generation .. string.format(' %.0f', at), 'PX', string.format('%.0f', life))
return reply
`;

export const rotate = `local epoch = ARGV[1]
local function ofEpoch(generation)
  return epoch == '' or string.sub(generation, 1, #epoch + 1) == epoch .. '.'
end
local value = redis.pcall('GET', KEYS[3])
if type(value) ~= 'string' then value = '' end
if value == 'session/gone' then return 'gone' end
local expires, since, made = string.match(value, '^session/1 (%d+) %d+ (%d+) (%S+)\\n')
local generation, till = string.match(redis.call('GET', KEYS[2]) or '', '^(%S+) (%d+)$')
if not made or not generation or not ofEpoch(generation) or not ofEpoch(made) then return 'cold' end
if made ~= generation or tonumber(since) <= tonumber(till) then return 'gone' end
if redis.call('EXISTS', KEYS[4]) == 1 then return 'taken' end
redis.call('SET', KEYS[4], value, 'PX', string.format('%.0f', math.max(1, redis.call('PTTL', KEYS[3]))))
redis.call('SET', KEYS[3], 'session/gone', 'PX', ARGV[4])
redis.call('ZREM', KEYS[1], since .. '.' .. ARGV[2])
redis.call('ZADD', KEYS[1], expires, since .. '.' .. ARGV[3])
return 'rotated'
`;

export const route = `local held = redis.call('GET', KEYS[1])
if held == 'gone' then return { 'gone' } end
local twice = string.format('%.0f', 2 * ARGV[3])
if ARGV[1] == 'bury' then
  if not held then redis.call('SET', KEYS[1], 'gone', 'PX', ARGV[3]) end
elseif ARGV[1] == 'move' or (ARGV[1] == 'learn' and not held) then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', twice)
  return { ARGV[2] }
elseif held and redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
  redis.call('PEXPIRE', KEYS[1], twice)
end
return { held or 'absent' }
`;

export const save = `local epoch, token, fresh, handle = ARGV[1], ARGV[2], ARGV[4], ARGV[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function ofEpoch(generation)
  return epoch == '' or string.sub(generation, 1, #epoch + 1) == epoch .. '.'
end

local standing = redis.call('GET', KEYS[2])
local generation, till = string.match(standing or '', '^(%S+) (%d+)$')
if not generation or not ofEpoch(generation) then standing, generation, till = '', false, 0 end
till = tonumber(till)
if token ~= '' then
  if redis.call('GET', KEYS[4]) ~= token then return { 'voided' } end
  redis.call('DEL', KEYS[4])
  if standing ~= ARGV[3] then return { 'voided' } end
end

local head = redis.pcall('GETRANGE', KEYS[3], 0, 127)
if type(head) ~= 'string' then head = '' end
if head == 'session/gone' then return { 'gone' } end
local began, since, made = string.match(head, '^session/1 %d+ (%d+) (%d+) (%S+)\\n')
local live = made and made == generation and tonumber(since) > till
if live and token ~= '' then return { 'voided' } end
if made and not live and token == '' and ofEpoch(made) then return { 'gone' } end
-- What was read before a revocation is not written back as something new, though no tombstone says so.
if not live and (ARGV[12] == '?' or (ARGV[12] ~= '' and standing ~= '' and ARGV[12] ~= standing)) then return { 'gone' } end
if not live and token == '' and ARGV[13] ~= '' and now - till < tonumber(ARGV[13]) then return { 'voided' } end

if not generation then
  -- Whatever stands in the index was made under a generation that is lost.
  redis.call('DEL', KEYS[1])
else
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
end
local start = tonumber(live and began or ARGV[8]) or now
since = live and tonumber(since) or math.max(now, till + 1)

if ARGV[9] ~= '' and token == '' and not live then
  local members = redis.call('ZRANGE', KEYS[1], 0, -1)
  table.sort(members)
  local surplus = #members + 1 - tonumber(ARGV[9])
  local room, due = {}, { 'full' }
  for i = 14, #ARGV do room[ARGV[i]] = KEYS[i - 9] end
  for i = 1, surplus do
    if not room[members[i]] then
      for j = 1, surplus do due[j + 1] = members[j] end
      return due
    end
  end
  for i = 1, surplus do
    redis.call('SET', room[members[i]], 'session/gone', 'PX', ARGV[10])
    redis.call('ZREM', KEYS[1], members[i])
  end
  -- Logins of one millisecond keep their order.
  local last = members[#members]
  if last then since = math.max(since, string.sub(last, 1, 13) + 1) end
end

local ends = now + ARGV[6]
if ARGV[7] ~= '' then ends = math.min(ends, start + ARGV[7]) end
if ends <= now then return { 'gone' } end
local life = ends - now
local endText, sinceText = string.format('%013.0f', ends), string.format('%013.0f', since)
local lifeText, twice = string.format('%.0f', life), string.format('%.0f', 2 * life)
if not generation then
  generation = fresh
  redis.call('SET', KEYS[2], generation .. ' 0', 'PX', twice)
elseif redis.call('PTTL', KEYS[2]) < life then
  redis.call('PEXPIRE', KEYS[2], twice)
end
head = table.concat({ 'session/1', endText, string.format('%013.0f', start), sinceText, generation }, ' ')
redis.call('SET', KEYS[3], head .. '\\n' .. ARGV[11], 'PX', lifeText)
redis.call('ZADD', KEYS[1], endText, sinceText .. '.' .. handle)
if redis.call('PTTL', KEYS[1]) < life then redis.call('PEXPIRE', KEYS[1], lifeText) end
return { 'stored' }
`;
