-- Reads the versions of tags, making those that are missing: what an entry loaded from now on is good under.
-- Atomic because: two captures of a missing tag must agree on its version.
-- KEYS  tags (same partition)
-- ARGV  1 least life of the tags, ms, or '' for none · 2 epoch · 3… a fresh version for each tag
-- Reply { version of each tag… }; 'hold' where an invalidation asked for time to settle
-- Cost  2 commands a tag. A life is given twice over, and so seldom: whoever tracks the tag takes that for a change.
local reply, life = {}, tonumber(ARGV[1])
local given = life and string.format('%.0f', 2 * life)
for i = 1, #KEYS do
  local version = redis.call('GET', KEYS[i])
  if version ~= 'hold' then
    if not version or string.sub(version, 1, #ARGV[2] + 1) ~= ARGV[2] .. '.' then
      version = ARGV[i + 2]
      if life then redis.call('SET', KEYS[i], version, 'PX', given) else redis.call('SET', KEYS[i], version) end
    elseif not life then
      redis.call('PERSIST', KEYS[i])
    else
      local left = redis.call('PTTL', KEYS[i])
      if left >= 0 and left < life then redis.call('PEXPIRE', KEYS[i], given) end
    end
  end
  reply[i] = version
end
return reply
