import { defineOperation } from '../../store/operation.js';

/** Writes bytes past the rooms, as another program or a bad disk would. */
export const rawSet = defineOperation<{ key: string; bytes: Buffer | string }, void>({
  name: 'raw-set',
  lua: `redis.call('SET', KEYS[1], ARGV[1], 'PX', 3600000)\nreturn 1`,
  invalidates: false,
  encode: ({ key, bytes }) => ({ keys: [key], args: [bytes] }),
  local(data, { keys: [key = ''], args: [bytes = ''] }) {
    data.set(key, bytes, 3_600_000);
    return 1;
  },
  decode: () => undefined,
});

/** Puts a value of a type that no room has. */
export const rawHash = defineOperation<string, void>({
  name: 'raw-hash',
  lua: `redis.call('DEL', KEYS[1])\nredis.call('HSET', KEYS[1], 'field', 'value')\nreturn 1`,
  invalidates: false,
  encode: (key) => ({ keys: [key], args: [] }),
  local(data, { keys: [key = ''] }) {
    data.delete(key);
    data.hset(key, 'field', 'value');
    return 1;
  },
  decode: () => undefined,
});
