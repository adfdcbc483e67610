-- Takes the users of a shard who have fallen silent offline, and forgets when those were seen who are gone for long.
-- Atomic because: of two sweepers only one may report a user, and not one who is heard of in this very moment.
-- KEYS  1 users · 2 expiry · 3 names · 4 feed · 5 last seen
-- ARGV  1 who sweeps · 2 'again' when an answer to this sweeper may have been lost, else '' · 3 most users
--       4 how long last seen is kept, ms
-- Reply { more | done; number in the feed, user … }; with 'again' also whom this sweeper has taken offline before
--       and who has not come back since
-- Cost  3 commands and 8 for each user, O(log n) each; with 'again' also O(feed)
local users, expiry, names, feed, lastSeen = unpack(KEYS)
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
