-- Revokes a token for the life it has left.
-- Atomic because: the longer of two revocations stands.
-- KEYS  1 token
-- ARGV  1 life, ms
-- Reply revoked
-- Cost  2 or 3 commands
if redis.call('GET', KEYS[1]) ~= 'revoked' or redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], 'revoked', 'PX', ARGV[1])
end
return 'revoked'
