import type { LocalData } from '../../store/memory/local-data.js';
import type { ScoreBound } from '../../store/memory/sorted-set.js';
import { defineOperation, text, type Reply } from '../../store/operation.js';

/** One command on the hash or sorted set under a key. Replies are the command's own; texts come back as texts, pairs in order. */
export interface StructureCall {
  readonly key: string;
  readonly command: StructureCommand;
  readonly args?: readonly (string | Uint8Array)[];
}

export type StructureCommand = keyof typeof commands;

/** `ZRANGEBYSCORE`: lowest and highest score, most members, `''` or `'REV'`. `ZRANGEBYLEX`: the member before, most members. All others take what Redis takes. */
const commands = {
  TYPE: (data, key) => data.type(key),
  HGET: (data, key, [field]) => data.hget(key, text(field)),
  HSET: (data, key, [field, value = '']) => Number(data.hset(key, text(field), value)),
  HDEL: (data, key, [field]) => Number(data.hdel(key, text(field))),
  HGETALL: (data, key) => data.hgetall(key).flat(),
  HLEN: (data, key) => data.hlen(key),
  ZADD: (data, key, [score, member]) => Number(data.zadd(key, scoreOf(score), text(member))),
  ZREM: (data, key, [member]) => Number(data.zrem(key, text(member))),
  ZSCORE: (data, key, [member]) => scoreText(data.zscore(key, text(member))),
  ZCARD: (data, key) => data.zcard(key),
  ZRANGE: (data, key, [start, stop, order]) =>
    data.zrange(key, Number(text(start)), Number(text(stop)), text(order) === 'REV'),
  ZCOUNT: (data, key, [min, max]) => data.zcount(key, boundOf(min), boundOf(max)),
  ZRANGEBYLEX: (data, key, [after, limit]) =>
    data.zrangeByLex(key, text(after) === '' ? undefined : text(after), Number(text(limit))),
  ZRANGEBYSCORE: (data, key, [min, max, limit, order]) =>
    data
      .zrangeByScore(key, boundOf(min), boundOf(max), { limit: Number(text(limit)), reverse: text(order) === 'REV' })
      .flatMap(([member, score]) => [member, scoreText(score)]),
} satisfies Record<string, (data: LocalData, key: string, args: readonly (string | Uint8Array)[]) => Reply>;

export const structure = defineOperation<StructureCall, unknown>({
  name: 'example:structure',
  lua: `local command, key = ARGV[1], KEYS[1]
if command == 'TYPE' then return redis.call('TYPE', key).ok end
if command == 'ZRANGEBYLEX' then
  return redis.call('ZRANGE', key, ARGV[2] == '' and '-' or '(' .. ARGV[2], '+', 'BYLEX', 'LIMIT', 0, ARGV[3])
end
if command == 'ZRANGEBYSCORE' then
  local min, max, limit = ARGV[2], ARGV[3], ARGV[4]
  if ARGV[5] == 'REV' then
    return redis.call('ZRANGE', key, max, min, 'BYSCORE', 'REV', 'LIMIT', 0, limit, 'WITHSCORES')
  end
  return redis.call('ZRANGE', key, min, max, 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')
end
return redis.call(command, key, unpack(ARGV, 2))`,
  invalidates: false,
  encode: ({ key, command, args = [] }) => ({ keys: [key], args: [command, ...args] }),
  local: (data, { keys: [key = ''], args: [command, ...args] }) =>
    commands[text(command) as StructureCommand](data, key, args),
  decode(reply, { command }) {
    if (!Array.isArray(reply)) return Buffer.isBuffer(reply) ? text(reply) : reply;
    const parts = (reply as readonly Reply[]).map(text);
    return command === 'HGETALL' ? inPairs(parts).toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)) : parts;
  },
});

function scoreOf(argument: string | Uint8Array | undefined): number {
  const digits = text(argument);
  return digits.endsWith('inf') ? Number(`${digits}inity`.replace('inf', 'Inf')) : Number(digits);
}

function boundOf(argument: string | Uint8Array | undefined): ScoreBound {
  const digits = text(argument);
  return digits.startsWith('(') ? (digits as `(${number}`) : scoreOf(digits);
}

function scoreText(score: number | undefined): string | null {
  if (score === undefined) return null;
  return Number.isFinite(score) ? String(score) : String(score).replace('Infinity', 'inf');
}

function inPairs(parts: readonly string[]): string[][] {
  return Array.from({ length: parts.length / 2 }, (_, i) => parts.slice(2 * i, 2 * i + 2));
}
