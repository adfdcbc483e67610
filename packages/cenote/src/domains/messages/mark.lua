-- Moves the status of a message in its list forward, or takes a deleted message out. What is not there, or deleted, is
-- marked for a while, so that what comes later in an older state does not bring that state back. Voids the list's lease.
-- Atomic because: of two receipts the later status must win, and an add between taking out and marking would come back.
-- KEYS  1 order · 2 bodies · 3 marks (id → when it is forgotten, with the status in the last digit) · 4 lease
-- ARGV  1 epoch · 2 life of a mark, ms · 3 id · 4 status: 1 sent, 2 delivered, 3 read, 4 deleted
-- Reply moved | kept (it was as far already) | absent
-- Cost  6 commands, up to 7 more; at most 1,000 marks are kept, the newest
redis.call('DEL', KEYS[4])
local id, status, word = ARGV[3], tonumber(ARGV[4]), 'absent'
local held = redis.pcall('ZCARD', KEYS[1])
if type(held) == 'number' and redis.pcall('HGET', KEYS[2], ':epoch') == ARGV[1] then
  local body = redis.call('HGET', KEYS[2], id)
  if body and status == 4 then
    redis.call('ZREM', KEYS[1], id)
    redis.call('HDEL', KEYS[2], id)
    word = 'moved'
  elseif body then
    local was, its, at = string.match(body, '^(%d) (%d*)\n()')
    if tonumber(was) >= status then return 'kept' end
    redis.call('HSET', KEYS[2], id, string.format('%d %s\n', status, its) .. string.sub(body, at))
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
