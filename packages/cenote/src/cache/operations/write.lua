-- Stores entries. A fill (with a token) only under the lease it was granted, so nothing loaded before an invalidation gets
-- in after it; a set (without) voids the lease, so a load in flight cannot overwrite it.
-- Atomic because: the lease may not change hands between looking at it and writing.
-- KEYS  value, lease, value, lease, …
-- ARGV  for each pair: token or '' · entry · life, ms, or '' for none · version (length-prefixed digits) or ''
-- Reply { stored | voided | older … } for each pair
-- Cost  3 commands a pair, 1 more with a version
local reply = {}
for i = 1, #KEYS / 2 do
  local value, lease = KEYS[2 * i - 1], KEYS[2 * i]
  local token, entry, life, version = ARGV[4 * i - 3], ARGV[4 * i - 2], ARGV[4 * i - 1], ARGV[4 * i]
  local held = redis.call('GET', lease)
  local word = 'stored'
  if token ~= '' and held ~= token then
    word = 'voided'
  else
    if version ~= '' then
      local head = redis.pcall('GETRANGE', value, 0, 255)
      if type(head) == 'string' then
        local stored = string.match(head, '^cenote/1 %S+ %x+ %S+ %d+ %S+ (%d+) ')
        local floor = string.match(head, '^cenote/f (%d+)$')
        if (stored and stored > version) or (floor and floor >= version) then word = 'older' end
      end
    end
    if word == 'stored' then
      if life == '' then redis.call('SET', value, entry) else redis.call('SET', value, entry, 'PX', life) end
    end
    if held and held ~= 'hold' then redis.call('DEL', lease) end
  end
  reply[i] = word
end
return reply
