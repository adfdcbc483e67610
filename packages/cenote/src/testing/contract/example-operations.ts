import { defineOperation, replyList, replyWord, text, type Reply } from '../../store/operation.js';

/** Small operations with which the contract writes and asks; each has its two bodies, as every operation must. */

export interface Put {
  readonly key: string;
  readonly value: string | Uint8Array;
  /** Milliseconds; without it the key stays. */
  readonly lifetime?: number;
}

export const put = defineOperation<Put, void>({
  name: 'example:put',
  lua: `if ARGV[2] == '' then redis.call('SET', KEYS[1], ARGV[1]) else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 'stored'`,
  invalidates: false,
  encode: ({ key, value, lifetime }) => ({
    keys: [key],
    args: [value, lifetime === undefined ? '' : String(lifetime)],
  }),
  local(data, { keys: [key = ''], args: [value = '', lifetime] }) {
    data.set(key, value, text(lifetime) === '' ? Infinity : Number(text(lifetime)));
    return 'stored';
  },
  decode: (reply) => void replyWord(reply, ['stored'], 'example:put'),
});

/** Replaces a value only while it is the expected one. */
export const swap = defineOperation<{ key: string; expected: string; value: string }, 'swapped' | 'differs'>({
  name: 'example:swap',
  lua: `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'differs' end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 'swapped'`,
  invalidates: false,
  encode: ({ key, expected, value }) => ({ keys: [key], args: [expected, value] }),
  local(data, { keys: [key = ''], args: [expected, value = ''] }) {
    if (data.get(key)?.toString() !== text(expected)) return 'differs';
    data.set(key, value, data.lifetime(key));
    return 'swapped';
  },
  decode: (reply) => replyWord(reply, ['swapped', 'differs'], 'example:swap'),
});

/** Adds one to a number kept as text. */
export const count = defineOperation<string, number>({
  name: 'example:count',
  lua: `return redis.call('INCR', KEYS[1])`,
  invalidates: false,
  encode: (key) => ({ keys: [key], args: [] }),
  local(data, { keys: [key = ''] }) {
    const next = Number(data.get(key)?.toString() ?? 0) + 1;
    data.set(key, String(next), data.lifetime(key));
    return next;
  },
  decode: Number,
});

/** Every kind of reply that an operation may give, and its arguments as they came. */
export const echo = defineOperation<readonly (string | Uint8Array)[], readonly Reply[]>({
  name: 'example:echo',
  lua: `return { 'text', 42, -1, false, { 'nested', {} }, ARGV }`,
  invalidates: false,
  encode: (args) => ({ keys: [], args }),
  local: (_data, { args }) => [
    'text',
    42,
    -1,
    null,
    ['nested', []],
    args.map((arg) => (typeof arg === 'string' ? arg : Buffer.from(arg))),
  ],
  decode: (reply) => replyList(reply, 'example:echo'),
});

/** Moves a value to another key, with its lifetime; `null` when there is none. */
export const move = defineOperation<{ from: string; to: string }, boolean>({
  name: 'example:move',
  lua: `local value, left = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
if not value then return 0 end
redis.call('DEL', KEYS[1])
if left < 0 then redis.call('SET', KEYS[2], value) else redis.call('SET', KEYS[2], value, 'PX', left) end
return 1`,
  invalidates: false,
  encode: ({ from, to }) => ({ keys: [from, to], args: [] }),
  local(data, { keys: [from = '', to = ''] }) {
    const value = data.get(from);
    const lifetime = data.lifetime(from);
    if (value === null) return 0;
    data.delete(from);
    data.set(to, value, lifetime);
    return 1;
  },
  decode: (reply) => reply === 1,
});

/** Sets a lifetime: milliseconds, 0 or less to remove at once, `Infinity` for none. Tells whether the key was there. */
export const live = defineOperation<{ key: string; lifetime: number }, boolean>({
  name: 'example:live',
  lua: `if ARGV[1] ~= '' then return redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
redis.call('PERSIST', KEYS[1])
return redis.call('EXISTS', KEYS[1])`,
  invalidates: false,
  encode: ({ key, lifetime }) => ({ keys: [key], args: [lifetime === Infinity ? '' : String(lifetime)] }),
  local: (data, { keys: [key = ''], args: [lifetime] }) =>
    Number(data.expire(key, text(lifetime) === '' ? Infinity : Number(text(lifetime)))),
  decode: (reply) => reply === 1,
});

/** An operation whose reply is none that it knows. */
export const strange = defineOperation<string, string>({
  name: 'example:strange',
  lua: `return 'surprise'`,
  invalidates: false,
  encode: (key) => ({ keys: [key], args: [] }),
  local: () => 'surprise',
  decode: (reply) => replyWord(reply, ['expected'], 'example:strange'),
});

/** Removes a key; goes even where guarded calls do not. */
export const forget = defineOperation<string, boolean>({
  name: 'example:forget',
  lua: `return redis.call('DEL', KEYS[1])`,
  invalidates: true,
  encode: (key) => ({ keys: [key], args: [] }),
  local: (data, { keys: [key = ''] }) => Number(data.delete(key)),
  decode: (reply) => reply === 1,
});
