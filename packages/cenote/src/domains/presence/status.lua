-- Tells the status of users, shard by shard.
-- Atomic because: the time against which connections are judged must be the server's.
-- KEYS  users of a shard …
-- ARGV  for each key: how many users, and these; 1,000 in all
-- Reply { online | away | offline … }, in the order of the users
-- Cost  1 command and 1 a shard, O(users asked for)
local time = redis.call('TIME')
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
