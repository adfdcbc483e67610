-- Asks for the right to fill what is cold, or for who has it.
-- Atomic because: between "nobody holds it" and taking it nobody else may take it.
-- KEYS  1 lease
-- ARGV  1 epoch · 2 token, `<epoch>.<random>` · 3 lease life, ms
-- Reply { granted } | { taken, the holder's token }. A lease of another epoch binds nobody: what voided it may be forgotten.
-- Cost  2 commands
local holder = redis.call('GET', KEYS[1])
if holder and string.sub(holder, 1, #ARGV[1] + 1) == ARGV[1] .. '.' then return { 'taken', holder } end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return { 'granted' }
