import { equal, match, ok, rejects } from 'node:assert/strict';

import { StoreError } from '../../core/errors.js';
import type { CallOptions, Store } from '../../store/store.js';
import type { Body } from './case.js';
import { put } from './example-operations.js';

/** Every call that asks the store. */
function everyCall(store: Store, key: string, options?: CallOptions): Record<string, () => Promise<unknown>> {
  return {
    readOne: () => store.readOne(key, options),
    read: () => store.read([key], options),
    run: () => store.run(put, { key, value: 'v' }, options),
    delete: () => store.delete([key], options),
    expiry: () => store.expiry(key, options),
    scan: async () => {
      for await (const _ of store.scan(key, options));
    },
  };
}

export const ending: Readonly<Record<string, Body>> = {
  async 'a call whose caller has given up rejects with the reason, and does nothing'({ store, key }) {
    const reason = new Error('no longer wanted');
    for (const call of Object.values(everyCall(store, key('k'), { signal: AbortSignal.abort(reason) }))) {
      await rejects(call(), reason);
    }
    equal(await store.readOne(key('k')), null);
  },

  async 'a caller who gives up later ends the wait or has the answer, and the store goes on'({ store, key }) {
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    const calls = Array.from({ length: 50 }, () => store.readOne(key('k'), { signal: controller.signal }));
    controller.abort(reason);
    for (const outcome of await Promise.allSettled(calls)) {
      ok(outcome.status === 'fulfilled' ? outcome.value === null : outcome.reason === reason);
    }
    await store.run(put, { key: key('k'), value: 'v' });
    equal(String(await store.readOne(key('k'), { signal: new AbortController().signal })), 'v');
  },

  async 'an open store is healthy, has an epoch and knows the time'({ store }) {
    const health = await store.health();
    equal(health.kind, store.kind);
    equal(health.status, 'ok', health.warnings.join('; '));
    match(store.epoch ?? '', /^\w+$/);
    ok(Number.isSafeInteger(store.now()));
  },

  async 'a closed store rejects every call with STORE_CLOSED, is down, and may be closed again'({ store, key }) {
    await store.close();
    await store.close();
    for (const [name, call] of Object.entries(everyCall(store, key('k')))) {
      await rejects(call(), (error) => error instanceof StoreError && error.code === 'STORE_CLOSED', name);
    }
    equal((await store.health()).status, 'down');
  },

  async 'a listener can be taken away'({ store }) {
    const stop = store.onState(() => {});
    stop();
    stop();
  },
};
