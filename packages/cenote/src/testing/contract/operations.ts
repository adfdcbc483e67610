import { deepEqual, equal, rejects } from 'node:assert/strict';

import { StoreError } from '../../core/errors.js';
import type { Body } from './case.js';
import { count, echo, forget, put, strange, swap } from './example-operations.js';

export const operations: Readonly<Record<string, Body>> = {
  async 'an operation is atomic among concurrent ones'({ store, key }) {
    const counts = await Promise.all(Array.from({ length: 200 }, () => store.run(count, key('n'))));
    deepEqual(
      counts.toSorted((a, b) => a - b),
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
  },

  async 'of two that compare and set, one wins'({ store, key }) {
    await store.run(put, { key: key('k'), value: 'old' });
    const replies = await Promise.all(
      ['a', 'b'].map((value) => store.run(swap, { key: key('k'), expected: 'old', value })),
    );
    deepEqual(replies, ['swapped', 'differs']);
    equal(String(await store.readOne(key('k'))), 'a');
  },

  async 'replies keep their kind, and text comes back as bytes'({ store }) {
    const binary = Buffer.from([0, 255, 128, 10]);
    const reply = await store.run(echo, ['', 'é', binary]);
    deepEqual(reply, [
      Buffer.from('text'),
      42,
      -1,
      null,
      [Buffer.from('nested'), []],
      [Buffer.alloc(0), Buffer.from('é'), binary],
    ]);
  },

  async 'an operation that removes does so'({ store, key }) {
    await store.run(put, { key: key('k'), value: 'v' });
    equal(await store.run(forget, key('k')), true);
    equal(await store.run(forget, key('k')), false);
  },

  async 'an answer that the operation does not know is STORE_REPLY'({ store, key }) {
    await rejects(store.run(strange, key('k')), (error) => error instanceof StoreError && error.code === 'STORE_REPLY');
  },

  async 'a lifetime that no server takes is STORE_REFUSED, and what was there stays'({ store, key }) {
    await store.run(put, { key: key('k'), value: 'kept' });
    for (const lifetime of [0, -1, 1.5]) {
      await rejects(
        store.run(put, { key: key('k'), value: 'lost', lifetime }),
        (error) => error instanceof StoreError && error.code === 'STORE_REFUSED',
      );
    }
    equal(String(await store.readOne(key('k'))), 'kept');
  },
};
