-- Removes entries and voids their leases in the same breath: a load that began before may not be stored after.
-- Atomic because: a fill between the two would bring the removed value back.
-- KEYS  value, lease, value, lease, …
-- ARGV  1 settle, ms: no fill for that long; 0 for none · 2 'ours' removes only what holds our header, 'any' whatever stands
--         there · 3 least version that is still good, or '' (an entry of that version or newer stays)
--       4 floor for older ones, or '' · 5 life of that floor, ms · 6 life of a floor made of the removed version, ms
-- Reply { the removed entry's first 1024 bytes, or '' … } for each pair
-- Cost  3 commands a pair, up to 3 more with settle or a version. Removing goes first: it works when memory is full,
--       a hold or a floor may then be lost.
local settle, good, floor = tonumber(ARGV[1]), ARGV[3], ARGV[4]
local reply = {}
for i = 1, #KEYS / 2 do
  local value, lease = KEYS[2 * i - 1], KEYS[2 * i]
  local head = redis.pcall('GETRANGE', value, 0, 1023)
  if type(head) ~= 'string' then head = nil end
  local entry = head and #head >= 25 and string.sub(head, 1, 9) == 'cenote/1 '
  local version = entry and string.match(head, '^cenote/1 %S+ %x+ %S+ %d+ %S+ (%d+) ')
  local oldFloor = head and string.match(head, '^cenote/f (%d+)$')
  reply[i] = ''
  if not (version and good ~= '' and version >= good) then
    local newFloor, life = floor, ARGV[5]
    if version and good == '' then newFloor, life = version, ARGV[6] end
    if not (oldFloor and oldFloor > newFloor) then
      if entry or oldFloor or ARGV[2] == 'any' then redis.call('DEL', value) end
      if newFloor ~= '' then redis.pcall('SET', value, 'cenote/f ' .. newFloor, 'PX', life) end
    end
    if entry then reply[i] = head end
  end
  local held = redis.call('GET', lease)
  if held and held ~= 'hold' then redis.call('DEL', lease) end
  if settle > 0 and not (held == 'hold' and redis.call('PTTL', lease) >= settle) then
    redis.pcall('SET', lease, 'hold', 'PX', ARGV[1])
  end
end
return reply
