-- Stores a user's conversations. A fill (with a token) only under the lease it was granted; a set (without) voids the lease.
-- Atomic because: nobody may read half a list, nor the lease change hands between looking at it and writing.
-- KEYS  1 ordinary · 2 pinned · 3 bodies · 4 lease
-- ARGV  1 epoch · 2 token or '' · 3 life, ms · 4 floor or '' when these are all conversations there are · 5 unread, of all and
--       of muted ones · 6… id · 1 if pinned, else 0 · time of the last message · body, of each
-- Reply stored | voided
-- Cost  7 commands + 2 a conversation
if ARGV[2] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[2] then return 'voided' end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
redis.call('HSET', KEYS[3], ':epoch', ARGV[1], ':floor', ARGV[4], ':unread', ARGV[5])
for i = 6, #ARGV, 4 do
  redis.call('ZADD', ARGV[i + 1] == '1' and KEYS[2] or KEYS[1], ARGV[i + 2], ARGV[i])
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 3])
end
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
return 'stored'
