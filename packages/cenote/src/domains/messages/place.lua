-- Notes of messages in which conversation they are, before a list holds them: so that a status or a deletion that names
-- only the message finds its list.
-- Atomic because: a status that is noted meanwhile must not be lost.
-- KEYS  notes, `<status> <conversation>`
-- ARGV  1 life, ms · 2 conversation
-- Reply { status that is known of each message: 0 none, 4 deleted }
-- Cost  2 to 3 commands a message
local reply = {}
for i = 1, #KEYS do
  local note = redis.pcall('GET', KEYS[i])
  local status, conversation = string.match(type(note) == 'string' and note or '', '^(%d) (.*)$')
  local left = redis.call('PTTL', KEYS[i])
  if conversation ~= ARGV[2] then
    redis.call('SET', KEYS[i], (status or '0') .. ' ' .. ARGV[2], 'PX', math.max(left, tonumber(ARGV[1])))
  elseif left < tonumber(ARGV[1]) then
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
  end
  reply[i] = tonumber(status or '0')
end
return reply
