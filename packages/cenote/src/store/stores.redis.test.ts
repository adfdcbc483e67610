import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { testRedis, type SharedRedis } from '../../../../test/servers/redis.js';
import { count, echo, forget, live, move, put, swap } from '../testing/contract/example-operations.js';
import { structure, type StructureCommand } from '../testing/contract/structure-operations.js';
import { StoreError } from '../core/errors.js';
import { connect } from './connect.js';
import { memoryStore } from './memory/memory-store.js';
import type { Store } from './store.js';

/**
 * The in-process store is what the Redis store is compared with, and the other way round: whatever is done to both, both
 * answer the same and hold the same. Lifetimes are either over at once or far away, so that no clock decides.
 */
let redis: SharedRedis;
let remote: Store;
beforeAll(async () => {
  redis = await testRedis();
  remote = connect({ url: redis.url, deadline: '5s' });
  await remote.health();
});
afterAll(async () => {
  await remote.close();
  await redis.stop();
});

type Step = (store: Store, prefix: string) => Promise<unknown>;

const key = fc.constantFrom('a', 'b', 'ab', 'a*', '[b]', 'é', '', '{a}b', '\\');
const value = fc.oneof(
  fc.constantFrom('', '1', '41', 'a'),
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.uint8Array({ maxLength: 8 }),
);
const number = fc.constantFrom('0', '7', '-3');
const hour = 3_600_000;
const pattern = fc.constantFrom('*', 'a*', '?', '[ab]', '[^a]', '\\*', 'a\\*', '*b', '{*', '**', '\\\\');

const member = fc.constantFrom('a', 'b', '', 'é', '🜛', '\uffee', '__proto__');
const score = fc.constantFrom('0', '1', '-1', '2', '9007199254740991', 'inf', '-inf');
const bound = fc.constantFrom('0', '(0', '1', '(1', '2', 'inf', '-inf');
const rank = fc.integer({ min: -4, max: 4 }).map(String);
const order = fc.constantFrom('', 'REV');
const structureKey = fc.constantFrom('h', 'z', 'a', '');

/** What a command of a structure is given. */
const commandArgs: Partial<Record<StructureCommand, fc.Arbitrary<(string | Uint8Array)[]>>> = {
  HGET: fc.tuple(member),
  HSET: fc.tuple(member, value),
  HDEL: fc.tuple(member),
  ZADD: fc.tuple(score, member),
  ZREM: fc.tuple(member),
  ZSCORE: fc.tuple(member),
  ZRANGE: fc.tuple(rank, rank, order).map(([from, to, way]) => (way === '' ? [from, to] : [from, to, way])),
  ZCOUNT: fc.tuple(bound, bound),
  ZRANGEBYSCORE: fc.tuple(bound, bound, fc.constantFrom('1', '2', '9'), order),
};

const command = fc.constantFrom<StructureCommand[]>(
  ...(['TYPE', 'HGET', 'HSET', 'HSET', 'HSET', 'HDEL', 'HGETALL', 'HLEN'] as const),
  ...(['ZADD', 'ZADD', 'ZADD', 'ZREM', 'ZSCORE', 'ZCARD', 'ZCOUNT', 'ZRANGE', 'ZRANGEBYSCORE'] as const),
);

const structureStep = command.chain((name) =>
  fc.tuple(structureKey, commandArgs[name] ?? fc.constant([])).map(([k, args]) => ({
    say: `${name} ${k} ${args.join(' ')}`,
    run: (store: Store, prefix: string) => store.run(structure, { key: prefix + k, command: name, args }),
  })),
);

/** What becomes of a step; a refusal, such as of a key of another type, is an answer too. */
async function outcome(step: Promise<unknown>): Promise<unknown> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_REFUSED') return error.code;
    throw error;
  }
}

async function scanned(store: Store, prefix: string, glob: string): Promise<string[]> {
  const keys = new Set<string>();
  for await (const batch of store.scan(prefix + glob)) for (const each of batch) keys.add(each.slice(prefix.length));
  return [...keys].sort();
}

async function left(store: Store, of: string): Promise<string> {
  const lifetime = await store.expiry(of);
  return (
    lifetime === undefined ? 'absent'
    : lifetime === Infinity ? 'for ever'
    : 'for a while'
  );
}

const step: fc.Arbitrary<{ say: string; run: Step }> = fc.oneof(
  { weight: 12, arbitrary: structureStep },
  fc.tuple(key, value, fc.constantFrom(undefined, hour)).map(([k, v, lifetime]) => ({
    say: `put ${k} ${String(v)} ${lifetime}`,
    run: (store: Store, prefix: string) => store.run(put, { key: prefix + k, value: v, ...(lifetime && { lifetime }) }),
  })),
  fc.tuple(key, number).map(([k, v]) => ({
    say: `put ${k} ${v}`,
    run: (store: Store, prefix: string) => store.run(put, { key: prefix + k, value: v }),
  })),
  fc.tuple(key, number, number).map(([k, expected, v]) => ({
    say: `swap ${k}`,
    run: (store: Store, prefix: string) => store.run(swap, { key: prefix + k, expected, value: v }),
  })),
  fc.tuple(key, key).map(([from, to]) => ({
    say: `move ${from} ${to}`,
    run: (store: Store, prefix: string) => store.run(move, { from: prefix + from, to: prefix + to }),
  })),
  fc.tuple(key, fc.constantFrom(hour, Infinity, 0, -5)).map(([k, lifetime]) => ({
    say: `live ${k} ${lifetime}`,
    run: (store: Store, prefix: string) => store.run(live, { key: prefix + k, lifetime }),
  })),
  key.map((k) => ({ say: `forget ${k}`, run: (store: Store, prefix: string) => store.run(forget, prefix + k) })),
  fc.array(key, { maxLength: 4 }).map((keys) => ({
    say: `delete ${keys.join()}`,
    run: (store: Store, prefix: string) => store.delete(keys.map((k) => prefix + k)),
  })),
  key.map((k) => ({ say: `readOne ${k}`, run: (store: Store, prefix: string) => store.readOne(prefix + k) })),
  fc.array(key, { maxLength: 5 }).map((keys) => ({
    say: `read ${keys.join()}`,
    run: (store: Store, prefix: string) => store.read(keys.map((k) => prefix + k)),
  })),
  key.map((k) => ({ say: `expiry ${k}`, run: (store: Store, prefix: string) => left(store, prefix + k) })),
  pattern.map((glob) => ({ say: `scan ${glob}`, run: (store: Store, prefix: string) => scanned(store, prefix, glob) })),
  fc.array(value, { maxLength: 3 }).map((args) => ({ say: `echo`, run: (store: Store) => store.run(echo, args) })),
  fc.constantFrom('n', 'm').map((k) => ({
    say: `count ${k}`,
    run: (store: Store, prefix: string) => store.run(count, `${prefix}count:${k}`),
  })),
);

test('both stores answer the same and hold the same, whatever is done to them', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const prefix = `${redis.prefix}:${run++}:`;
      const local = memoryStore();
      for (const { say, run: act } of steps) {
        const [ours, theirs] = await Promise.all([outcome(act(local, prefix)), outcome(act(remote, prefix))]);
        expect([say, ours]).toEqual([say, theirs]);
      }
      expect(await state(local, prefix)).toEqual(await state(remote, prefix));
    }),
    { numRuns: 500 },
  );
});

async function state(store: Store, prefix: string): Promise<unknown[]> {
  const keys = await scanned(store, prefix, '*');
  const held = (own: string, ask: StructureCommand, ...args: string[]): Promise<unknown> =>
    outcome(store.run(structure, { key: own, command: ask, args }));
  return Promise.all(
    keys.map(async (each) => {
      const own = prefix + each;
      const structures = [held(own, 'HGETALL'), held(own, 'ZRANGEBYSCORE', '-inf', 'inf', '99')];
      return { key: each, held: await Promise.all([store.readOne(own), left(store, own), ...structures]) };
    }),
  );
}
