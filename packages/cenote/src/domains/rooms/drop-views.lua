-- Removes views of one room, voids their leases, and strikes them off the room's index.
-- Atomic because: a fill between removing and voiding would bring the removed view back.
-- KEYS  1 index of the room's views · then view, lease, view, lease, …
-- ARGV  member of the index for each view
-- Reply number of views that were there
-- Cost  3 commands a view, O(log views) each
local removed = 0
for i = 1, #ARGV do
  removed = removed + redis.call('DEL', KEYS[2 * i])
  redis.call('DEL', KEYS[2 * i + 1])
  redis.pcall('ZREM', KEYS[1], ARGV[i])
end
return removed
