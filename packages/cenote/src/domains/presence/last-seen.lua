-- Tells when a user was last heard of.
-- Atomic because: a user who goes offline meanwhile would be found in neither place.
-- KEYS  1 users · 2 last seen
-- ARGV  1 user
-- Reply epoch ms as digits; false when it is not known
-- Cost  at most 2 commands
local record = redis.call('HGET', KEYS[1], ARGV[1])
return record and string.match(record, '%d+') or redis.call('ZSCORE', KEYS[2], ARGV[1])
