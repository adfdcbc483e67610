-- Raises markers of a conversation: the highest sequence sent, and the highest that a user has read. Lower ones change
-- nothing, so that telling it twice, or late, is the same as once.
-- Atomic because: of two markers the higher must win.
-- KEYS  1 markers (`:epoch`, `:sent`, user → highest sequence read; `=` before what is sure)
-- ARGV  1 epoch · 2 life, ms · 3… field · marker, such as `57` or `=57` when the source of truth has said so
-- Reply { the marker of each field, then }
-- Cost  4 commands, 2 a field
if redis.pcall('HGET', KEYS[1], ':epoch') ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], ':epoch', ARGV[1])
end
local reply = {}
for i = 3, #ARGV, 2 do
  local sure, marker = string.match(ARGV[i + 1], '^(=?)(%d+)$')
  local was, before = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '0', '^(=?)(%d+)$')
  if was == '=' then sure = '=' end
  if tonumber(before) > tonumber(marker) then marker = before end
  reply[#reply + 1] = sure .. marker
  redis.call('HSET', KEYS[1], ARGV[i], sure .. marker)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return reply
