-- Tells the status of users of one shard.
-- Atomic because: the time against which connections are judged must be the server's.
-- KEYS  1 users
-- ARGV  users, at most 1,000
-- Reply { online | away | offline … }, aligned with the users
-- Cost  2 commands, O(users asked for)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local records = redis.call('HMGET', KEYS[1], unpack(ARGV))
local reply = {}
for i = 1, #ARGV do
  local status, expires
  if records[i] then status, expires = string.match(records[i], '^(%a+) %d+ (%d+)') end
  reply[i] = expires and tonumber(expires) > now and status or 'offline'
end
return reply
