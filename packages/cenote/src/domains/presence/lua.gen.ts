// Generated from the *.lua files beside it by `npm run generate`: edit those.

export const change = `local users, expiry, names, feed, lastSeen = unpack(KEYS)
local user, verb, connection, life, who, kept, late = unpack(ARGV)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function digits(number) return string.format('%.0f', number) end

local function announce(status, whom)
  local last = redis.call('ZRANGE', feed, -1, -1, 'WITHSCORES')[2]
  local number = digits(math.max(now, (tonumber(last) or 0) + 1))
  redis.call('ZADD', feed, number, number .. ' ' .. who .. ' ' .. status .. ' ' .. whom)
  redis.call('ZREMRANGEBYRANK', feed, 0, -501)
  return number
end

local function remove(whom, seen)
  redis.call('HDEL', users, whom)
  redis.call('ZREM', expiry, whom)
  redis.call('ZREM', names, whom)
  redis.call('ZADD', lastSeen, seen, whom)
end

local record = redis.call('HGET', users, user)
local before, seen, rest = 'offline', digits(now), ''
if record then before, seen, rest = string.match(record, '^(%a+) (%d+)(.*)$') end
local live, closed = {}, false
for expires, id in string.gmatch(rest, ' (%d+) (%S+)') do
  if tonumber(expires) > now then
    if verb == 'leave' and (connection == '' or connection == id) then
      closed = true
    elseif verb == 'leave' or verb == 'rest' or id ~= connection then
      live[#live + 1] = { tonumber(expires), id }
    end
  end
end

local status = before
if verb == 'leave' then
  -- Who has no living connection is left to a sweep, which reports it; who was heard of since, a late leave does not mean.
  if not closed or (late ~= '' and connection == '' and tonumber(seen) > tonumber(late)) then
    return { before, before, '0' }
  end
  seen = digits(math.max(tonumber(seen), late == '' and now or tonumber(late)))
elseif verb == 'rest' then
  if #live == 0 then return { before, before, '0' } end
  status = 'away'
else
  live[#live + 1] = { now + tonumber(life), connection }
  seen = digits(now)
  if verb ~= 'extend' or not record then status = 'online' end
end

if #live == 0 then
  remove(user, seen)
  for _, old in ipairs(redis.call('ZRANGE', lastSeen, '-inf', digits(now - kept), 'BYSCORE', 'LIMIT', 0, 2)) do
    redis.call('ZREM', lastSeen, old)
  end
  redis.call('PEXPIRE', lastSeen, kept)
  return { before, 'offline', announce('offline', user) }
end

-- The last to expire stands first, where readers look; beyond 100 the next to expire gives way.
local first, least = 1, 1
for i = 2, #live do
  if live[i][1] > live[first][1] then first = i end
  if live[i][1] < live[least][1] then least = i end
end
local line = { status .. ' ' .. seen .. ' ' .. digits(live[first][1]) .. ' ' .. live[first][2] }
for i = 1, #live do
  if i ~= first and not (#live > 100 and i == least) then line[#line + 1] = digits(live[i][1]) .. ' ' .. live[i][2] end
end
redis.call('HSET', users, user, table.concat(line, ' '))
redis.call('ZADD', expiry, digits(live[first][1]), user)

local number = '0'
if not record then
  redis.call('ZADD', names, 0, user)
  redis.call('ZADD', lastSeen, seen, user)
  redis.call('PEXPIRE', lastSeen, kept)
  -- Whom no sweep has noticed for an hour goes now, so that nothing grows where nobody sweeps.
  for _, silent in ipairs(redis.call('ZRANGE', expiry, '-inf', digits(now - 3600000), 'BYSCORE', 'LIMIT', 0, 2)) do
    remove(silent, string.match(redis.call('HGET', users, silent) or '', '%d+') or digits(now))
    announce('offline', silent)
  end
end
if status ~= before then number = announce(status, user) end
local lasting = live[first][1] - now + 3600000
if redis.call('PTTL', users) < lasting then
  for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], digits(lasting + 3600000)) end
end
return { before, status, number }
`;

export const changes = `local time = redis.call('TIME')
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
`;

export const count = `local time = redis.call('TIME')
local after = '(' .. string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local reply = {}
for i, key in ipairs(KEYS) do reply[i] = redis.call('ZCOUNT', key, after, '+inf') end
return reply
`;

export const lastSeen = `local record = redis.call('HGET', KEYS[1], ARGV[1])
return record and string.match(record, '%d+') or redis.call('ZSCORE', KEYS[2], ARGV[1])
`;

export const page = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local names = redis.call('ZRANGE', KEYS[2], from, '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
if #names == 0 then return { '' } end
local records = redis.call('HMGET', KEYS[1], unpack(names))
local reply = { #names == tonumber(ARGV[2]) and names[#names] or '' }
for i, name in ipairs(names) do
  local expires = records[i] and string.match(records[i], '^%a+ %d+ (%d+)')
  if expires and tonumber(expires) > now then reply[#reply + 1] = name end
end
return reply
`;

export const silent = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit, old = string.format('%.0f', now), string.format('%.0f', now - ARGV[1])
local reply = {}
for i = 1, #KEYS, 2 do
  local some = redis.call('ZCOUNT', KEYS[i], '-inf', limit) > 0 or redis.call('ZCOUNT', KEYS[i + 1], '-inf', old) > 0
  reply[#reply + 1] = some and 1 or 0
end
return reply
`;

export const status = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply, at = {}, 1
for _, key in ipairs(KEYS) do
  local count = tonumber(ARGV[at])
  local records = redis.call('HMGET', key, unpack(ARGV, at + 1, at + count))
  for i = 1, count do
    local status, expires
    if records[i] then status, expires = string.match(records[i], '^(%a+) %d+ (%d+)') end
    reply[#reply + 1] = expires and tonumber(expires) > now and status or 'offline'
  end
  at = at + count + 1
end
return reply
`;

export const sweep = `local users, expiry, names, feed, lastSeen = unpack(KEYS)
local who, most = ARGV[1], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function digits(number) return string.format('%.0f', number) end

local silent = redis.call('ZRANGE', expiry, '-inf', digits(now), 'BYSCORE', 'LIMIT', 0, most)
local reply = { #silent == most and 'more' or 'done' }
if ARGV[2] == 'again' then
  for _, line in ipairs(redis.call('ZRANGE', feed, 0, -1)) do
    local number, by, user = string.match(line, '^(%d+) (%S+) %a+ (%S+)$')
    if by == who and redis.call('HEXISTS', users, user) == 0 then
      reply[#reply + 1] = number
      reply[#reply + 1] = user
    end
  end
end
local last = #silent > 0 and tonumber(redis.call('ZRANGE', feed, -1, -1, 'WITHSCORES')[2]) or 0
for _, user in ipairs(silent) do
  last = math.max(now, last + 1)
  local seen = string.match(redis.call('HGET', users, user) or '', '%d+') or digits(now)
  redis.call('HDEL', users, user)
  redis.call('ZREM', expiry, user)
  redis.call('ZREM', names, user)
  redis.call('ZADD', lastSeen, seen, user)
  redis.call('ZADD', feed, digits(last), digits(last) .. ' ' .. who .. ' offline ' .. user)
  reply[#reply + 1] = digits(last)
  reply[#reply + 1] = user
end
if #silent > 0 then
  redis.call('ZREMRANGEBYRANK', feed, 0, -501)
  redis.call('PEXPIRE', lastSeen, ARGV[4])
end
local old = redis.call('ZRANGE', lastSeen, '-inf', digits(now - ARGV[4]), 'BYSCORE', 'LIMIT', 0, most)
for _, user in ipairs(old) do redis.call('ZREM', lastSeen, user) end
return reply
`;

export const typing = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if ARGV[2] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
end
return 'ok'
`;

export const typists = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] == '' then return redis.call('ZRANGE', KEYS[1], '(' .. string.format('%.0f', now), '+inf', 'BYSCORE') end
local expires = redis.call('ZSCORE', KEYS[1], ARGV[1])
return expires and tonumber(expires) > now and { ARGV[1] } or {}
`;
