-- Reads what is known of a user's unread messages.
-- Atomic because: both markers and the counter must be of one moment.
-- KEYS  1 counter, `<epoch> <count>` · 2 markers (`:epoch`, `:sent`, user → highest sequence read; `=` before what is sure)
-- ARGV  1 epoch · 2 user
-- Reply { highest sent, or '' · highest read, or '' · the count, none when there is none, lost when it is not known }
-- Cost  4 commands
local count, held = 'none', redis.pcall('GET', KEYS[1])
if held then
  local epoch, text = string.match(type(held) == 'string' and held or '', '^(%S+) (%d+)$')
  count = epoch == ARGV[1] and text or 'lost'
end
local epoch = redis.pcall('HGET', KEYS[2], ':epoch')
if epoch ~= ARGV[1] then return { '', '', epoch and 'lost' or count } end
return { redis.call('HGET', KEYS[2], ':sent') or '', redis.call('HGET', KEYS[2], ARGV[2]) or '', count }
