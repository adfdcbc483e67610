-- Keeps a lease alive while its loader runs, so that a crashed holder is replaced within the lease's short life.
-- Atomic because: a lease that changed hands must not be prolonged.
-- KEYS  1 lease
-- ARGV  1 token · 2 lease life, ms
-- Reply kept | lost
-- Cost  2 commands
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'kept'
