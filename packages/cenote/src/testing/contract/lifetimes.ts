import { equal, ok } from 'node:assert/strict';

import type { Body } from './case.js';
import { live, move, put, swap } from './example-operations.js';

function within(actual: number | undefined, least: number, most: number): void {
  ok(actual !== undefined && actual >= least && actual <= most, `${actual} ms should lie from ${least} to ${most}`);
}

export const lifetimes: Readonly<Record<string, Body>> = {
  async 'a key without a lifetime has an infinite one'({ store, key, wait }) {
    await store.run(put, { key: key('k'), value: 'v' });
    await wait(50);
    equal(await store.expiry(key('k')), Infinity);
  },

  async 'a key is gone when its lifetime is over, and there until then'({ store, key, wait }) {
    await store.run(put, { key: key('short'), value: 'v', lifetime: 100 });
    await store.run(put, { key: key('long'), value: 'v', lifetime: 60_000 });
    within(await store.expiry(key('short')), 1, 100);
    equal(String(await store.readOne(key('short'))), 'v');
    await wait(150);
    equal(await store.readOne(key('short')), null);
    equal((await store.read([key('short')]))[0], null);
    equal(await store.expiry(key('short')), undefined);
    equal(await store.delete([key('short')]), 0);
    within(await store.expiry(key('long')), 50_000, 60_000);
  },

  async 'an expired key is in no scan'({ store, key, glob, wait }) {
    const writes = Array.from({ length: 500 }, (_, i) =>
      store.run(put, { key: key(`k${i}`), value: 'v', lifetime: 200 }),
    );
    await Promise.all(writes);
    await wait(300);
    for await (const keys of store.scan(glob('*'))) equal(keys.length, 0);
  },

  async 'a write replaces the lifetime of what it replaces'({ store, key, wait }) {
    await store.run(put, { key: key('k'), value: 'old', lifetime: 50 });
    await store.run(put, { key: key('k'), value: 'new' });
    await wait(100);
    equal(String(await store.readOne(key('k'))), 'new');
    equal(await store.expiry(key('k')), Infinity);
  },

  async 'an operation sees no key that has expired'({ store, key, wait }) {
    await store.run(put, { key: key('k'), value: 'v', lifetime: 50 });
    await wait(100);
    equal(await store.run(swap, { key: key('k'), expected: 'v', value: 'w' }), 'differs');
  },

  async 'a lifetime can be given, taken away, and ended at once'({ store, key }) {
    await store.run(put, { key: key('k'), value: 'v' });
    equal(await store.run(live, { key: key('k'), lifetime: 30_000 }), true);
    within(await store.expiry(key('k')), 20_000, 30_000);
    equal(await store.run(live, { key: key('k'), lifetime: Infinity }), true);
    equal(await store.expiry(key('k')), Infinity);
    equal(await store.run(live, { key: key('k'), lifetime: 0 }), true);
    equal(await store.readOne(key('k')), null);
    equal(await store.run(live, { key: key('k'), lifetime: 30_000 }), false);
  },

  async 'a lifetime can be carried over'({ store, key }) {
    await store.run(put, { key: key('from'), value: 'v', lifetime: 60_000 });
    equal(await store.run(move, { from: key('from'), to: key('to') }), true);
    within(await store.expiry(key('to')), 50_000, 60_000);
    equal(await store.run(move, { from: key('from'), to: key('to') }), false);
  },

  async "the store's clock goes forward with time"({ store, wait }) {
    const before = store.now();
    await wait(100);
    within(store.now() - before, 90, 2_000);
  },
};
