-- Moves the status of a single message forward, or removes a deleted one; its note remembers that for a while. Voids its
-- lease.
-- Atomic because: of two receipts the later status must win, and a set between removing and noting would come back.
-- KEYS  1 message · 2 its note, `<status> <conversation>` · 3 lease
-- ARGV  1 epoch · 2 life of what is noted, ms · 3 status: 1 sent, 2 delivered, 3 read, 4 deleted
-- Reply { moved | kept (it was as far already) | absent, the conversation it is in, or '' }
-- Cost  at most 7 commands
redis.call('DEL', KEYS[3])
local status, word = tonumber(ARGV[3]), 'absent'
local held = redis.pcall('GET', KEYS[1])
local epoch, was, its, at = string.match(type(held) == 'string' and held or '', '^(%S+) (%d) (%d*)\n()')
if epoch == ARGV[1] then
  word = tonumber(was) < status and 'moved' or 'kept'
  if word == 'moved' and status < 4 then
    redis.call('SET', KEYS[1], string.format('%s %d %s\n', epoch, status, its) .. string.sub(held, at), 'KEEPTTL')
  end
end
if status == 4 then redis.call('DEL', KEYS[1]) end
local note = redis.pcall('GET', KEYS[2])
local noted, conversation = string.match(type(note) == 'string' and note or '', '^(%d) (.*)$')
local life = math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[2]))
redis.call('SET', KEYS[2], string.format('%d %s', math.max(status, tonumber(noted or '0')), conversation or ''), 'PX', life)
return { word, conversation or '' }
