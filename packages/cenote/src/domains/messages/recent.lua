-- Reads the newest messages of a list, or those just older than one of them.
-- Atomic because: the order, the bodies and the floor must be of one moment.
-- KEYS  1 order (ids by createdAt) · 2 bodies (`:epoch`, `:floor`, id → body)
-- ARGV  1 epoch · 2 how many · 3 createdAt and 4 id of the message whose elders are wanted; both '' for the newest
-- Reply { known, { body… } } newest first | { cold }: no list, one of another epoch, one that lost a part, or fewer than asked
--       while there may be older ones below the floor
-- Cost  6 commands, O(how many); O(list) for elders
local held = redis.pcall('ZCARD', KEYS[1])
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
