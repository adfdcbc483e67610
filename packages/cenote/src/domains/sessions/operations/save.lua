-- Stores a session: a new one, other data of a live one, or (with a token) what the source has answered.
-- Atomic because: generation, limit and tombstone may not change between looking at them and writing.
-- KEYS  1 the user's sessions by expiry · 2 the user's standing · 3 record · 4 its lease · 5… records that may be ended to
--       make room
-- ARGV  1 epoch, or '' to trust any · 2 token of the lease for a fill, or '' · 3 the standing from before a load, '' for
--       none · 4 a fresh generation · 5 handle · 6 life, ms · 7 absolute life, ms, or '' · 8 start, epoch ms, or '' for now
--       9 most sessions of the user, or '' · 10 life of a tombstone, ms · 11 payload
--       12 the standing under which the writer had read the session, '' if it had not, '?' if unknown
--       13 how long after a revocation of the user nothing new is stored, ms, or '' · 14… members of KEYS[5…]
-- Reply { stored } | { gone }: deleted before, or past its absolute life | { voided }: it came too late, or too soon
--       { full, members that must end first … }
-- Cost  9 to 13 commands, O(log sessions of the user); with a limit O(limit)
local epoch, token, fresh, handle = ARGV[1], ARGV[2], ARGV[4], ARGV[5]
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
local began, since, made = string.match(head, '^session/1 %d+ (%d+) (%d+) (%S+)\n')
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
redis.call('SET', KEYS[3], head .. '\n' .. ARGV[11], 'PX', lifeText)
redis.call('ZADD', KEYS[1], endText, sinceText .. '.' .. handle)
if redis.call('PTTL', KEYS[1]) < life then redis.call('PEXPIRE', KEYS[1], lifeText) end
return { 'stored' }
