-- Gives a live session another life from now. Never makes one.
-- Atomic because: a session that is deleted meanwhile must stay so.
-- KEYS  1 the user's sessions by expiry · 2 the user's standing · 3 record
-- ARGV  1 epoch, or '' to trust any · 2 handle · 3 life, ms · 4 absolute life, ms, or '' · 5 least gain worth a write, ms
-- Reply extended | gone: deleted, or past its absolute life | cold: not stored, or not under a generation that is known
-- Cost  3 commands, 6 to 8 more when something is written; O(log sessions of the user)
local epoch = ARGV[1]
local function ofEpoch(generation)
  return epoch == '' or string.sub(generation, 1, #epoch + 1) == epoch .. '.'
end
local head = redis.pcall('GETRANGE', KEYS[3], 0, 127)
if head == 'session/gone' then return 'gone' end
local expires, start, since, made =
  string.match(type(head) == 'string' and head or '', '^session/1 (%d+) (%d+) (%d+) (%S+)\n')
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
