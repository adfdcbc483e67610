-- Stores views of rooms: fills under their leases and the generation that was captured before their load, sets over both.
-- Atomic because: a drop of the room between looking at its generation and writing would leave a view that nothing removes.
-- KEYS  for each view: headline of its room, index of its views, view, lease (all views: one slot, or one server)
-- ARGV  1 epoch · 2 least life of headlines, ms · then for each view: token of a fill or '' · generation (a fill's, or a
--       fresh one for a headline that is missing) · life, ms · member of the index · entry
-- Reply { stored | voided … } for each view
-- Cost  8 commands a view, at most 11, O(log views + views that expired)
local epoch, least = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply = {}
for i = 1, #KEYS / 4 do
  local headline, index, view, lease = KEYS[4 * i - 3], KEYS[4 * i - 2], KEYS[4 * i - 1], KEYS[4 * i]
  local token, generation, life, member, entry =
    ARGV[5 * i - 2], ARGV[5 * i - 1], tonumber(ARGV[5 * i]), ARGV[5 * i + 1], ARGV[5 * i + 2]
  local head, held = redis.pcall('GETRANGE', headline, 0, 1023), nil
  if type(head) == 'string' then
    local of, its = string.match(head, '^(%S+) (%S+) %S+ %S+\n')
    if of == epoch then held = its end
  end
  if token ~= '' and redis.call('GET', lease) ~= token then
    reply[i] = 'voided'
  elseif token ~= '' and held ~= generation then
    redis.call('DEL', lease)
    reply[i] = 'voided'
  else
    redis.call('DEL', lease)
    local stays = math.max(least, life)
    if not held then
      held = generation
      redis.call('SET', headline, epoch .. ' ' .. generation .. ' - -\n', 'PX', stays)
    elseif redis.call('PTTL', headline) < stays then
      redis.call('PEXPIRE', headline, stays)
    end
    redis.call('SET', view, held .. entry, 'PX', life)
    if type(redis.pcall('ZADD', index, now + life, member)) == 'table' then
      redis.call('DEL', index) -- Of another type.
      redis.call('ZADD', index, now + life, member)
    end
    redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
    if redis.call('PTTL', index) < life then redis.call('PEXPIRE', index, life) end
    reply[i] = 'stored'
  end
end
return reply
