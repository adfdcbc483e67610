import { deepEqual, equal, rejects } from 'node:assert/strict';

import { StoreError } from '../../core/errors.js';
import type { Bench, Body } from './case.js';
import { live, put, swap } from './example-operations.js';
import { structure, type StructureCommand } from './structure-operations.js';

type Ask = (command: StructureCommand, ...args: readonly (string | Uint8Array)[]) => Promise<unknown>;

/** Commands on one of the case's keys. */
function on({ store, key }: Bench, name: string): Ask {
  return (command, ...args) => store.run(structure, { key: key(name), command, args });
}

function refuses(call: Promise<unknown>): Promise<void> {
  return rejects(call, (error) => error instanceof StoreError && error.code === 'STORE_REFUSED');
}

export const structures: Readonly<Record<string, Body>> = {
  async 'a hash keeps a value for each field'(bench) {
    const hash = on(bench, 'h');
    equal(await hash('HSET', 'a', '1'), 1);
    equal(await hash('HSET', 'a', '2'), 0);
    equal(await hash('HSET', 'é', ''), 1);
    equal(await hash('HGET', 'a'), '2');
    equal(await hash('HGET', 'absent'), null);
    deepEqual(await hash('HGETALL'), [
      ['a', '2'],
      ['é', ''],
    ]);
    equal(await hash('HLEN'), 2);
    equal(await hash('TYPE'), 'hash');
  },

  async 'a sorted set orders by score, then by the bytes of its members'(bench) {
    const set = on(bench, 'z');
    // As UTF-16 the last two would stand the other way round.
    const given = ['5 late', '-1 early', '3 b', '3 a', '3 B', '3 \uffee', '3 🜛'];
    for (const [score = '', member = ''] of given.map((pair) => pair.split(' '))) {
      equal(await set('ZADD', score, member), 1);
    }
    const order = ['early', 'B', 'a', 'b', '\uffee', '🜛', 'late'];
    deepEqual(await set('ZRANGE', '0', '-1'), order);
    deepEqual(await set('ZRANGE', '0', '1', 'REV'), ['late', '🜛']);
    deepEqual(await set('ZRANGE', '-2', '-1'), ['🜛', 'late']);
    deepEqual(await set('ZRANGE', '5', '3'), []);
    equal(await set('ZCARD'), order.length);
    equal(await set('TYPE'), 'zset');
  },

  async 'a member has one score, and moves with it'(bench) {
    const set = on(bench, 'z');
    await set('ZADD', '1', 'a');
    await set('ZADD', '2', 'b');
    equal(await set('ZADD', '3', 'a'), 0);
    equal(await set('ZSCORE', 'a'), '3');
    equal(await set('ZSCORE', 'absent'), null);
    deepEqual(await set('ZRANGE', '0', '-1'), ['b', 'a']);
    equal(await set('ZCARD'), 2);
  },

  async 'a range of scores has its ends in or out, a limit, and a direction'(bench) {
    const set = on(bench, 'z');
    for (const score of ['1', '2', '3', '4']) await set('ZADD', score, `m${score}`);
    deepEqual(await set('ZRANGEBYSCORE', '2', '3', '9'), ['m2', '2', 'm3', '3']);
    deepEqual(await set('ZRANGEBYSCORE', '(2', '(4', '9'), ['m3', '3']);
    deepEqual(await set('ZRANGEBYSCORE', '-inf', 'inf', '2'), ['m1', '1', 'm2', '2']);
    deepEqual(await set('ZRANGEBYSCORE', '-inf', '(4', '2', 'REV'), ['m3', '3', 'm2', '2']);
    deepEqual(await set('ZRANGEBYSCORE', '3', '2', '9'), []);
    equal(await set('ZCOUNT', '2', '(4'), 2);
    equal(await set('ZCOUNT', '3', '2'), 0);
  },

  async 'members of one score are walked through in their order, a page at a time'(bench) {
    const set = on(bench, 'z');
    for (const member of ['b', '🜛', 'a', '\uffee', 'ab']) await set('ZADD', '0', member);
    deepEqual(await set('ZRANGEBYLEX', '', '2'), ['a', 'ab']);
    deepEqual(await set('ZRANGEBYLEX', 'ab', '2'), ['b', '\uffee']);
    deepEqual(await set('ZRANGEBYLEX', 'b0', '9'), ['\uffee', '🜛']);
    deepEqual(await set('ZRANGEBYLEX', '🜛', '9'), []);
  },

  async 'a structure is gone with the last that it held, and its lifetime with it'(bench) {
    const { store, key } = bench;
    const [hash, set] = [on(bench, 'h'), on(bench, 'z')];
    await hash('HSET', 'a', '1');
    await set('ZADD', '1', 'a');
    for (const name of ['h', 'z']) equal(await store.run(live, { key: key(name), lifetime: 60_000 }), true);
    equal(await hash('HDEL', 'a'), 1);
    equal(await hash('HDEL', 'a'), 0);
    equal(await set('ZREM', 'a'), 1);
    equal(await set('ZREM', 'a'), 0);
    for (const ask of [hash, set]) equal(await ask('TYPE'), 'none');
    deepEqual(await hash('HGETALL'), []);
    deepEqual(await set('ZRANGE', '0', '-1'), []);
    await hash('HSET', 'a', '1');
    equal(await store.expiry(key('h')), Infinity);
  },

  async 'a structure expires whole, and changing it leaves its lifetime alone'(bench) {
    const { store, key, wait } = bench;
    const [hash, set] = [on(bench, 'h'), on(bench, 'z')];
    await hash('HSET', 'a', '1');
    await set('ZADD', '1', 'a');
    for (const name of ['h', 'z']) await store.run(live, { key: key(name), lifetime: 100 });
    await hash('HSET', 'b', '2');
    await set('ZADD', '2', 'b');
    await wait(150);
    equal(await hash('HLEN'), 0);
    equal(await set('ZCARD'), 0);
    equal(await hash('HSET', 'b', '2'), 1);
    deepEqual(await hash('HGETALL'), [['b', '2']]);
  },

  async 'a structure is scanned and deleted like any key'(bench) {
    const { store, key, glob } = bench;
    await on(bench, 'h')('HSET', 'a', '1');
    await on(bench, 'z')('ZADD', '1', 'a');
    const seen = new Set<string>();
    for await (const keys of store.scan(glob('*'))) for (const each of keys) seen.add(each);
    deepEqual([...seen].sort(), [key('h'), key('z')]);
    equal(await store.delete([key('h'), key('z')]), 2);
    equal(await on(bench, 'h')('TYPE'), 'none');
  },

  async 'a command on a key of another type is STORE_REFUSED, and a read finds nothing'(bench) {
    const { store, key } = bench;
    await store.run(put, { key: key('s'), value: 'v' });
    await on(bench, 'h')('HSET', 'a', '1');
    await on(bench, 'z')('ZADD', '1', 'a');
    for (const name of ['s', 'z']) {
      for (const command of ['HLEN', 'HGETALL'] as const) await refuses(on(bench, name)(command));
      await refuses(on(bench, name)('HSET', 'a', '1'));
    }
    for (const name of ['s', 'h']) {
      await refuses(on(bench, name)('ZCARD'));
      await refuses(on(bench, name)('ZADD', '1', 'a'));
    }
    for (const name of ['h', 'z']) await refuses(store.run(swap, { key: key(name), expected: 'v', value: 'w' }));
    deepEqual(await store.read([key('h'), key('z')]), [null, null]);
    equal(await store.readOne(key('h')), null);
  },

  async 'a value takes the place of a structure'(bench) {
    const { store, key } = bench;
    await on(bench, 'k')('HSET', 'a', '1');
    await store.run(put, { key: key('k'), value: 'v' });
    equal(String(await store.readOne(key('k'))), 'v');
    equal(await on(bench, 'k')('TYPE'), 'string');
  },
};
