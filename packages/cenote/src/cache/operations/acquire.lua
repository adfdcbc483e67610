-- Asks for the right to fill a key, and captures the versions of its tags before the loader reads.
-- Atomic because: between "no entry, no lease" and taking the lease nobody else may take it.
-- KEYS  1 value · 2 lease · 3… tags (same partition)
-- ARGV  1 token · 2 lease life, ms · 3 mode: absent | refresh | force · 4 id of the entry the reader rejected, or ''
--       5 least life of the tags, ms, or '' for none · 6 epoch · 7… a fresh version for each tag
-- Reply { granted | taken | held | present, version of each tag… }; versions only with granted
-- Cost  4 commands + 2 a tag. Tags are given twice their life, and so seldom: whoever tracks one takes that for a change.
local lease = redis.call('GET', KEYS[2])
if lease == 'hold' then return { 'held' } end
if ARGV[3] == 'absent' then
  local head = redis.pcall('GETRANGE', KEYS[1], 0, 24)
  if type(head) == 'string' and #head == 25 and string.sub(head, 1, 9) == 'cenote/1 ' and string.sub(head, 10) ~= ARGV[4] then
    return { 'present' }
  end
end
local cooling = lease and string.sub(lease, 1, 5) == 'cool:'
if lease and ARGV[3] ~= 'force' and not (cooling and ARGV[3] == 'absent') then return { 'taken' } end

local reply, life = { 'granted' }, tonumber(ARGV[5])
local given = life and string.format('%.0f', 2 * life)
for i = 3, #KEYS do
  local version = redis.call('GET', KEYS[i])
  if version == 'hold' then return { 'held' } end
  if not version or string.sub(version, 1, #ARGV[6] + 1) ~= ARGV[6] .. '.' then
    version = ARGV[i + 4]
    if life then redis.call('SET', KEYS[i], version, 'PX', given) else redis.call('SET', KEYS[i], version) end
  elseif not life then
    redis.call('PERSIST', KEYS[i])
  else
    local left = redis.call('PTTL', KEYS[i])
    if left >= 0 and left < life then redis.call('PEXPIRE', KEYS[i], given) end
  end
  reply[i - 1] = version
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return reply
