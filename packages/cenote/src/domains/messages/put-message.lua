-- Stores one message. A fill (with a token) only under the lease it was granted; a set (without) voids the lease.
-- Atomic because: a status that arrives meanwhile must not be lost, nor the lease change hands before the write.
-- KEYS  1 message, `<epoch> <status> <version>`, a newline, the payload · 2 its note, `<status> <conversation>` · 3 lease
-- ARGV  1 epoch · 2 token or '' · 3 life, ms · 4 status, 0 to 3 · 5 version or '' · 6 payload
-- Reply stored | older (a newer version stays) | deleted (lately) | voided
-- Cost  at most 5 commands
if ARGV[2] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[2] then return 'voided' end
redis.call('DEL', KEYS[3])
local note = redis.pcall('GET', KEYS[2])
local noted = string.match(type(note) == 'string' and note or '', '^(%d) ')
if noted == '4' then return 'deleted' end
local word, life, status, version, payload = 'stored', ARGV[3], math.max(tonumber(ARGV[4]), tonumber(noted or '0')), ARGV[5], ARGV[6]
local held = redis.pcall('GET', KEYS[1])
local epoch, was, its, at = string.match(type(held) == 'string' and held or '', '^(%S+) (%d) (%d*)\n()')
if epoch == ARGV[1] then
  status = math.max(status, tonumber(was))
  if version < its then word, life, version, payload = 'older', redis.call('PTTL', KEYS[1]), its, string.sub(held, at) end
end
redis.call('SET', KEYS[1], string.format('%s %d %s\n', ARGV[1], status, version) .. payload, 'PX', life)
return word
