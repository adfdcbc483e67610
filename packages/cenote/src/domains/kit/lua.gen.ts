// Generated from the *.lua files beside it by `npm run generate`: edit those.

export const claim = `local holder = redis.call('GET', KEYS[1])
if holder and string.sub(holder, 1, #ARGV[1] + 1) == ARGV[1] .. '.' then return { 'taken', holder } end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return { 'granted' }
`;
