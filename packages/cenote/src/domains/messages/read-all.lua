-- Resets what a user has not read: no count any more, and where markers are kept, all that was sent is read.
-- Atomic because: a message sent in between must stay unread.
-- KEYS  1 counter · 2 markers (`:epoch`, `:sent`, user → highest sequence read; `=` before what is sure)
-- ARGV  1 epoch · 2 life, ms · 3 user
-- Reply reset
-- Cost  2 commands, 4 more with markers
redis.call('DEL', KEYS[1])
if redis.pcall('HGET', KEYS[2], ':epoch') ~= ARGV[1] then return 'reset' end
local sure, sent = string.match(redis.call('HGET', KEYS[2], ':sent') or '', '^(=?)(%d+)$')
if not sent then return 'reset' end
local was, read = string.match(redis.call('HGET', KEYS[2], ARGV[3]) or '0', '^(=?)(%d+)$')
if was == '=' then sure = '=' end
if tonumber(read) > tonumber(sent) then sent = read end
redis.call('HSET', KEYS[2], ARGV[3], sure .. sent)
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 'reset'
