// Generated from the *.lua files beside it by `npm run generate`: edit those.

export const acquire = `local lease = redis.call('GET', KEYS[2])
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
`;

export const capture = `local reply, life = {}, tonumber(ARGV[1])
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
`;

export const release = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], 'cool:' .. ARGV[1], 'PX', ARGV[2])
end
return 'released'
`;

export const remove = `local settle, good, floor = tonumber(ARGV[1]), ARGV[3], ARGV[4]
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
`;

export const renew = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'kept'
`;

export const retire = `local settle = tonumber(ARGV[1])
for i = 1, #KEYS do
  local left = redis.call('GET', KEYS[i]) == 'hold' and redis.call('PTTL', KEYS[i]) or 0
  if left <= 0 or left < settle then
    redis.call('DEL', KEYS[i])
    if settle > 0 then redis.pcall('SET', KEYS[i], 'hold', 'PX', ARGV[1]) end
  end
end
return #KEYS
`;

export const write = `local reply = {}
for i = 1, #KEYS / 2 do
  local value, lease = KEYS[2 * i - 1], KEYS[2 * i]
  local token, entry, life, version = ARGV[4 * i - 3], ARGV[4 * i - 2], ARGV[4 * i - 1], ARGV[4 * i]
  local held = redis.call('GET', lease)
  local word = 'stored'
  if token ~= '' and held ~= token then
    word = 'voided'
  else
    if version ~= '' then
      local head = redis.pcall('GETRANGE', value, 0, 255)
      if type(head) == 'string' then
        local stored = string.match(head, '^cenote/1 %S+ %x+ %S+ %d+ %S+ (%d+) ')
        local floor = string.match(head, '^cenote/f (%d+)$')
        if (stored and stored > version) or (floor and floor >= version) then word = 'older' end
      end
    end
    if word == 'stored' then
      if life == '' then redis.call('SET', value, entry) else redis.call('SET', value, entry, 'PX', life) end
    end
    if held and held ~= 'hold' then redis.call('DEL', lease) end
  end
  reply[i] = word
end
return reply
`;
