import { describe, expect, test } from 'vitest';

import { StoreError } from '../core/errors.js';
import type { Store, Watch } from '../store/store.js';
import { memoryStore } from '../store/memory/memory-store.js';
import { count, forget, put } from './contract/example-operations.js';
import { fakeClock } from './fake-clock.js';
import { faultyStore } from './faulty-store.js';
import { storeContract } from './store-contract.js';

function arrange() {
  const clock = fakeClock();
  const inner = memoryStore({ clock });
  return { clock, inner, store: faultyStore(inner, { clock, deadline: '100ms' }) };
}

describe('without faults', () => {
  const clock = fakeClock();
  const wait = async (milliseconds: number): Promise<void> => clock.advance(milliseconds);
  test.each(storeContract(() => faultyStore(memoryStore({ clock })), { wait }))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

describe('a faulty feed', () => {
  async function watched() {
    const { store, inner, clock } = arrange();
    const told: string[] = [];
    const watch = store.watch?.(
      { changed: (key) => void told.push(key), lost: () => void told.push('lost') },
      { every: 100, mode: 'default', start: '' },
    ) as Watch;
    return { store, inner, clock, told, watch };
  }

  test('tells what the store behind it tells, and is as alive', async () => {
    const { inner, told, watch } = await watched();
    await inner.run(put, { key: 'k', value: 'v' });
    expect(told).toEqual(['k']);
    expect(watch.aliveAt).toBe(Infinity);
    watch.stop();
    await inner.run(put, { key: 'k', value: 'w' });
    expect(told).toEqual(['k']);
  });

  test('falls silent: no sign of life since, and what changes is told when it is mended', async () => {
    const { store, inner, clock, told, watch } = await watched();
    clock.advance(50);
    store.feed.silence();
    clock.advance(500);
    store.feed.silence();
    await inner.run(put, { key: 'k', value: 'v' });
    expect([told, watch.aliveAt]).toEqual([[], 50]);
    store.feed.tell('by hand');
    store.feed.mend();
    expect([told, watch.aliveAt]).toEqual([['by hand', 'k'], Infinity]);
  });

  test('is cut: lost at once, and what changes meanwhile is never told', async () => {
    const { store, inner, told, watch } = await watched();
    store.feed.cut();
    store.feed.cut();
    await inner.run(put, { key: 'k', value: 'v' });
    expect([told, watch.aliveAt]).toEqual([['lost'], -Infinity]);
    store.feed.mend();
    await inner.run(put, { key: 'other', value: 'v' });
    expect([told, watch.aliveAt]).toEqual([['lost', 'other'], Infinity]);
  });

  test('is lost with its store, and when another server takes over', async () => {
    const { store, told, watch } = await watched();
    store.takeDown();
    expect([told, watch.aliveAt]).toEqual([['lost'], -Infinity]);
    store.restore();
    expect([told, watch.aliveAt]).toEqual([['lost'], Infinity]);
    store.restore('another');
    expect(told).toEqual(['lost', 'lost']);
  });

  test('is absent where the store behind it has none', () => {
    const deaf = Object.assign(Object.create(memoryStore()) as Store, { watch: undefined });
    expect(faultyStore(deaf).watch).toBeUndefined();
  });
});

describe('a faulty store', () => {
  test('fails the calls it was told to, and only those', async () => {
    const { store, inner } = arrange();
    store.fail('run:example:put', new StoreError('STORE_REFUSED', 'full'), 2);
    await expect(store.run(put, { key: 'k', value: 'v' })).rejects.toThrow('full');
    expect(await store.run(forget, 'k')).toBe(false);
    await expect(store.run(put, { key: 'k', value: 'v' })).rejects.toThrow('full');
    expect(await inner.readOne('k')).toBeNull();
    await store.run(put, { key: 'k', value: 'v' });
    expect(store.calls).toEqual(['run:example:put', 'run:example:forget', 'run:example:put', 'run:example:put']);
  });

  test('hangs until the deadline of the call, and does nothing', async () => {
    const { store, inner, clock } = arrange();
    store.hang('run', 2);
    const calls = [store.run(count, 'n'), store.run(count, 'n', { deadline: 50 })].map((call) =>
      call.catch((error: StoreError) => error.code),
    );
    await clock.elapse(60);
    expect(await Promise.race([calls[1], Promise.resolve('pending')])).toBe('STORE_TIMEOUT');
    expect(await Promise.race([calls[0], Promise.resolve('pending')])).toBe('pending');
    await clock.elapse(50);
    expect(await calls[0]).toBe('STORE_TIMEOUT');
    expect(await inner.readOne('n')).toBeNull();
  });

  test('drops a reply after the write', async () => {
    const { store, inner, clock } = arrange();
    store.dropReply('*');
    const call = store.run(put, { key: 'k', value: 'v' }).catch((error: StoreError) => error.code);
    await clock.elapse(110);
    expect(await call).toBe('STORE_TIMEOUT');
    expect(String(await inner.readOne('k'))).toBe('v');
  });

  test('delays', async () => {
    const { store, inner, clock } = arrange();
    store.delay('run', '1s');
    const call = store.run(put, { key: 'k', value: 'v' });
    await clock.elapse(999);
    expect(await inner.readOne('k')).toBeNull();
    await clock.elapse(1);
    await call;
    expect(String(await inner.readOne('k'))).toBe('v');
  });

  test('holds a call before or after it takes effect', async () => {
    const { store, inner } = arrange();
    const before = store.hold('run');
    const call = store.run(put, { key: 'k', value: 'v' });
    await before.reached;
    expect(await inner.readOne('k')).toBeNull();
    before.release();
    await call;
    const after = store.hold('run', 'after');
    const second = store.run(forget, 'k');
    await after.reached;
    expect(await inner.readOne('k')).toBeNull();
    after.release();
    expect(await second).toBe(true);
  });

  test('goes away and comes back as another server', async () => {
    const { store, inner } = arrange();
    const states: string[] = [];
    const stop = store.onState((state) => states.push(state));
    store.takeDown();
    await expect(store.readOne('k')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect([store.epoch, (await store.health()).status]).toEqual([undefined, 'down']);
    store.restore('another');
    expect(store.epoch).toBe('another');
    store.restore();
    stop();
    store.takeDown();
    expect(states).toEqual(['down', 'up', 'down', 'up']);
    expect(inner.epoch).not.toBe('another');
  });

  test('fails within a scan', async () => {
    const { store } = arrange();
    await store.run(put, { key: 'k', value: 'v' });
    store.fail('scan');
    await expect(store.scan('*')[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
