-- Changes what is known of a user's connections: one comes, is heard of, goes; or the user is away.
-- Atomic because: a change of status is told once, by whoever makes it, and connections of one user come and go at once.
-- KEYS  1 users · 2 expiry · 3 names · 4 feed · 5 last seen
-- ARGV  1 user · 2 verb: arrive | extend | activate | rest | leave · 3 connection, ':' for the one without a name, '' for all
--       4 its life, ms · 5 who makes the change · 6 how long last seen is kept, ms
--       7 for a leave that comes late: when it should have been, epoch ms, else ''
-- Reply { status before, status now, number of the change in the feed or '0' }
-- Cost  5 commands for a connection that is heard of, up to 21 when the status changes. O(connections of the user + log n)
local users, expiry, names, feed, lastSeen = unpack(KEYS)
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
