-- Ends sessions, leaving tombstones, so that a write that began before cannot bring them back.
-- Atomic because: between removing and the tombstone a write would get in.
-- KEYS  1 the user's sessions by expiry · 2 the user's standing · 3… records
-- ARGV  1 epoch, or '' to trust any · 2 life of a tombstone, ms; 0 for none · 3 'all', or 'dead': only what a revocation of
--       the user has ended already · 4… handle of each record
-- Reply number of live sessions ended
-- Cost  1 command, 2 to 4 a record. Removing goes first: it works when memory is full, a tombstone may then be lost.
local epoch, count = ARGV[1], 0
local generation, till = string.match(redis.call('GET', KEYS[2]) or '', '^(%S+) (%d+)$')
if generation and epoch ~= '' and string.sub(generation, 1, #epoch + 1) ~= epoch .. '.' then generation = false end
for i = 3, #KEYS do
  local head = redis.pcall('GETRANGE', KEYS[i], 0, 127)
  local since, made = string.match(type(head) == 'string' and head or '', '^session/1 %d+ %d+ (%d+) (%S+)\n')
  local live = made and made == generation and tonumber(since) > tonumber(till)
  if ARGV[3] == 'all' or (made and not live) then
    if live then count = count + 1 end
    if head ~= 'session/gone' then redis.call('DEL', KEYS[i]) end
    if since then redis.call('ZREM', KEYS[1], since .. '.' .. ARGV[i + 1]) end
    if ARGV[2] ~= '0' then redis.pcall('SET', KEYS[i], 'session/gone', 'PX', ARGV[2]) end
  end
end
return count
