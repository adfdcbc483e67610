-- Stores a list. A fill (with a token) only under the lease it was granted; a set (without) voids the lease.
-- Statuses never go back, newer versions stay, and what was deleted lately does not come back.
-- Atomic because: nobody may read half a list, nor the lease change hands between looking at it and writing.
-- KEYS  1 order · 2 bodies · 3 marks · 4 lease
-- ARGV  1 epoch · 2 token or '' · 3 life, ms · 4 floor, `<createdAt> <id>` of the oldest that was given, or '' when these
--       are all messages there are · 5… id · createdAt · status · version or '' · payload of each
-- Reply stored | voided
-- Cost  8 commands + 3 a message
if ARGV[2] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[2] then return 'voided' end
redis.call('DEL', KEYS[4])
local before, held = {}, redis.pcall('ZCARD', KEYS[1])
if type(held) == 'number' and redis.pcall('HGET', KEYS[2], ':epoch') == ARGV[1] then
  local all = redis.call('HGETALL', KEYS[2])
  for i = 1, #all, 2 do before[all[i]] = all[i + 1] end
end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[2], ':epoch', ARGV[1], ':floor', ARGV[4])
for i = 5, #ARGV, 5 do
  local id, version, payload = ARGV[i], ARGV[i + 3], ARGV[i + 4]
  local mark = redis.pcall('ZSCORE', KEYS[3], id)
  local status = math.max(tonumber(ARGV[i + 2]), type(mark) == 'string' and tonumber(mark) % 10 or 0)
  if status < 4 then
    if before[id] then
      local was, its, at = string.match(before[id], '^(%d) (%d*)\n()')
      status = math.max(status, tonumber(was))
      if version < its then version, payload = its, string.sub(before[id], at) end
    end
    redis.call('ZADD', KEYS[1], ARGV[i + 1], id)
    redis.call('HSET', KEYS[2], id, string.format('%d %s\n', status, version) .. payload)
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 'stored'
