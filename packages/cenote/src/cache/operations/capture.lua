-- Reads the versions of tags, making those that are missing: what an entry loaded from now on is good under.
-- Atomic because: two captures of a missing tag must agree on its version.
-- KEYS  tags (same partition)
-- ARGV  1 tag life, ms, or '' for none · 2 epoch · 3… a fresh version for each tag
-- Reply { version of each tag… }; 'hold' where an invalidation asked for time to settle
-- Cost  2 commands a tag
local reply = {}
for i = 1, #KEYS do
  local version = redis.call('GET', KEYS[i])
  if version ~= 'hold' then
    if not version or string.sub(version, 1, #ARGV[2] + 1) ~= ARGV[2] .. '.' then
      version = ARGV[i + 2]
      if ARGV[1] == '' then redis.call('SET', KEYS[i], version) else redis.call('SET', KEYS[i], version, 'PX', ARGV[1]) end
    elseif ARGV[1] == '' then
      redis.call('PERSIST', KEYS[i])
    else
      redis.call('PEXPIRE', KEYS[i], ARGV[1], 'GT')
    end
  end
  reply[i] = version
end
return reply
