-- Drops a room: without its headline, no view of it is good and no load of one may be stored. Its index stays until the
-- views and leases that it names are removed too (`drop-views`), so that the drop can be repeated.
-- Atomic because: a view that is entered in between would be neither good nor found.
-- KEYS  1 headline of the room · 2 index of its views
-- Reply { member of the index … }
-- Cost  2 commands, O(views)
redis.call('DEL', KEYS[1])
local members = redis.pcall('ZRANGE', KEYS[2], 0, -1)
if members.err then return {} end
return members
