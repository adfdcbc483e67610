// Generated from the *.lua files beside it by `npm run generate`: edit those.

export const add = `redis.call('DEL', KEYS[4])
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
  local was, its, at = string.match(body, '^(%d) (%d*)\\n()')
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
redis.call('HSET', KEYS[2], id, string.format('%d %s\\n', status, version) .. payload)
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
`;

export const count = `local held = redis.pcall('GET', KEYS[1])
local count = 0
if held then
  local epoch, text = string.match(type(held) == 'string' and held or '', '^(%S+) (%d+)$')
  count = epoch == ARGV[1] and tonumber(text) or nil
end
if ARGV[3] == '' then count = nil end
if count then count = string.format('%.0f', math.min(count + tonumber(ARGV[3]), 9007199254740991)) end
redis.call('SET', KEYS[1], count and ARGV[1] .. ' ' .. count or '?', 'PX', ARGV[2])
return count or false
`;

export const markMessage = `redis.call('DEL', KEYS[3])
local status, word = tonumber(ARGV[3]), 'absent'
local held = redis.pcall('GET', KEYS[1])
local epoch, was, its, at = string.match(type(held) == 'string' and held or '', '^(%S+) (%d) (%d*)\\n()')
if epoch == ARGV[1] then
  word = tonumber(was) < status and 'moved' or 'kept'
  if word == 'moved' and status < 4 then
    redis.call('SET', KEYS[1], string.format('%s %d %s\\n', epoch, status, its) .. string.sub(held, at), 'KEEPTTL')
  end
end
if status == 4 then redis.call('DEL', KEYS[1]) end
local note = redis.pcall('GET', KEYS[2])
local noted, conversation = string.match(type(note) == 'string' and note or '', '^(%d) (.*)$')
local life = math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[2]))
redis.call('SET', KEYS[2], string.format('%d %s', math.max(status, tonumber(noted or '0')), conversation or ''), 'PX', life)
return { word, conversation or '' }
`;

export const mark = `redis.call('DEL', KEYS[4])
local id, status, word = ARGV[3], tonumber(ARGV[4]), 'absent'
local held = redis.pcall('ZCARD', KEYS[1])
if type(held) == 'number' and redis.pcall('HGET', KEYS[2], ':epoch') == ARGV[1] then
  local body = redis.call('HGET', KEYS[2], id)
  if body and status == 4 then
    redis.call('ZREM', KEYS[1], id)
    redis.call('HDEL', KEYS[2], id)
    word = 'moved'
  elseif body then
    local was, its, at = string.match(body, '^(%d) (%d*)\\n()')
    if tonumber(was) >= status then return 'kept' end
    redis.call('HSET', KEYS[2], id, string.format('%d %s\\n', status, its) .. string.sub(body, at))
    return 'moved'
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('TYPE', KEYS[3]).ok ~= 'zset' then redis.call('DEL', KEYS[3]) end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', now * 10 + 9))
local marked = tonumber(redis.call('ZSCORE', KEYS[3], id) or '0') % 10
local ends = now + tonumber(ARGV[2])
redis.call('ZADD', KEYS[3], string.format('%.0f', ends * 10 + math.max(status, marked)), id)
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1001)
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return word
`;

export const place = `local reply = {}
for i = 1, #KEYS do
  local note = redis.pcall('GET', KEYS[i])
  local status, conversation = string.match(type(note) == 'string' and note or '', '^(%d) (.*)$')
  local left = redis.call('PTTL', KEYS[i])
  if conversation ~= ARGV[2] then
    redis.call('SET', KEYS[i], (status or '0') .. ' ' .. ARGV[2], 'PX', math.max(left, tonumber(ARGV[1])))
  elseif left < tonumber(ARGV[1]) then
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
  end
  reply[i] = tonumber(status or '0')
end
return reply
`;

export const putMessage = `if ARGV[2] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[2] then return 'voided' end
redis.call('DEL', KEYS[3])
local note = redis.pcall('GET', KEYS[2])
local noted = string.match(type(note) == 'string' and note or '', '^(%d) ')
if noted == '4' then return 'deleted' end
local word, life, status, version, payload = 'stored', ARGV[3], math.max(tonumber(ARGV[4]), tonumber(noted or '0')), ARGV[5], ARGV[6]
local held = redis.pcall('GET', KEYS[1])
local epoch, was, its, at = string.match(type(held) == 'string' and held or '', '^(%S+) (%d) (%d*)\\n()')
if epoch == ARGV[1] then
  status = math.max(status, tonumber(was))
  if version < its then word, life, version, payload = 'older', redis.call('PTTL', KEYS[1]), its, string.sub(held, at) end
end
redis.call('SET', KEYS[1], string.format('%s %d %s\\n', ARGV[1], status, version) .. payload, 'PX', life)
return word
`;

export const raise = `if redis.pcall('HGET', KEYS[1], ':epoch') ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], ':epoch', ARGV[1])
end
local reply = {}
for i = 3, #ARGV, 2 do
  local sure, marker = string.match(ARGV[i + 1], '^(=?)(%d+)$')
  local was, before = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '0', '^(=?)(%d+)$')
  if was == '=' then sure = '=' end
  if tonumber(before) > tonumber(marker) then marker = before end
  reply[#reply + 1] = sure .. marker
  redis.call('HSET', KEYS[1], ARGV[i], sure .. marker)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return reply
`;

export const readAll = `redis.call('DEL', KEYS[1])
if redis.pcall('HGET', KEYS[2], ':epoch') ~= ARGV[1] then return 'reset' end
local sure, sent = string.match(redis.call('HGET', KEYS[2], ':sent') or '', '^(=?)(%d+)$')
if not sent then return 'reset' end
local was, read = string.match(redis.call('HGET', KEYS[2], ARGV[3]) or '0', '^(=?)(%d+)$')
if was == '=' then sure = '=' end
if tonumber(read) > tonumber(sent) then sent = read end
redis.call('HSET', KEYS[2], ARGV[3], sure .. sent)
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 'reset'
`;

export const recent = `local held = redis.pcall('ZCARD', KEYS[1])
if type(held) ~= 'number' or redis.pcall('HGET', KEYS[2], ':epoch') ~= ARGV[1] or redis.call('HLEN', KEYS[2]) ~= held + 2 then
  return { 'cold' }
end

-- Lua compares texts by the server's locale; Redis orders members by their bytes.
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local limit, ids = tonumber(ARGV[2]), {}
if ARGV[3] == '' then
  ids = redis.call('ZRANGE', KEYS[1], 0, limit - 1, 'REV')
else
  local time = tonumber(ARGV[3])
  local scored = redis.call('ZRANGE', KEYS[1], ARGV[3], '-inf', 'BYSCORE', 'REV', 'WITHSCORES')
  for i = 1, #scored, 2 do
    if #ids < limit and (tonumber(scored[i + 1]) < time or precedes(scored[i], ARGV[4])) then ids[#ids + 1] = scored[i] end
  end
end
if #ids < limit and redis.call('HGET', KEYS[2], ':floor') ~= '' then return { 'cold' } end
return { 'known', #ids == 0 and {} or redis.call('HMGET', KEYS[2], unpack(ids)) }
`;

export const replace = `if ARGV[2] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[2] then return 'voided' end
redis.call('DEL', KEYS[4])
local before, held = {}, redis.pcall('ZCARD', KEYS[1])
if type(held) == 'number' and redis.pcall('HGET', KEYS[2], ':epoch') == ARGV[1] then
  local all = redis.call('HGETALL', KEYS[2])
  for i = 1, #all, 2 do before[all[i]] = all[i + 1] end
end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[2], ':epoch', ARGV[1], ':floor', ARGV[4])
for i = 5, #ARGV, 5 do
  local id, version, payload = ARGV[i], ARGV[i + 3], ARGV[i + 4]
  local mark = redis.pcall('ZSCORE', KEYS[3], id)
  local status = math.max(tonumber(ARGV[i + 2]), type(mark) == 'string' and tonumber(mark) % 10 or 0)
  if status < 4 then
    if before[id] then
      local was, its, at = string.match(before[id], '^(%d) (%d*)\\n()')
      status = math.max(status, tonumber(was))
      if version < its then version, payload = its, string.sub(before[id], at) end
    end
    redis.call('ZADD', KEYS[1], ARGV[i + 1], id)
    redis.call('HSET', KEYS[2], id, string.format('%d %s\\n', status, version) .. payload)
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 'stored'
`;

export const unread = `local count, held = 'none', redis.pcall('GET', KEYS[1])
if held then
  local epoch, text = string.match(type(held) == 'string' and held or '', '^(%S+) (%d+)$')
  count = epoch == ARGV[1] and text or 'lost'
end
local epoch = redis.pcall('HGET', KEYS[2], ':epoch')
if epoch ~= ARGV[1] then return { '', '', epoch and 'lost' or count } end
return { redis.call('HGET', KEYS[2], ':sent') or '', redis.call('HGET', KEYS[2], ARGV[2]) or '', count }
`;
