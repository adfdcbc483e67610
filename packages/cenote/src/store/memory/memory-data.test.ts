import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { fakeClock } from '../../testing/fake-clock.js';
import { live, put } from '../../testing/contract/example-operations.js';
import { structure, type StructureCommand } from '../../testing/contract/structure-operations.js';
import { memoryStore, type MemoryStore } from './memory-store.js';

async function fill(store: MemoryStore, count: number, lifetime?: number): Promise<void> {
  for (let i = 0; i < count; i++) await store.run(put, { key: `k${i}`, value: 'v', ...(lifetime && { lifetime }) });
}

describe('the in-process store', () => {
  test('holds no more entries than it may', async () => {
    const store = memoryStore({ maxEntries: 10 });
    await fill(store, 100);
    expect(store.entries).toBe(10);
    expect((await store.health()).warnings).toEqual(['90 keys were evicted to stay within maxEntries and maxBytes']);
  });

  test('holds no more bytes than it may, and counts them exactly as keys come and go', async () => {
    const store = memoryStore({ maxBytes: 10_000 });
    for (let i = 0; i < 100; i++) await store.run(put, { key: `k${i}`, value: Buffer.alloc(i * 7) });
    expect(store.bytes).toBeLessThanOrEqual(10_000);
    expect(store.entries).toBeGreaterThan(5);
    await store.run(put, { key: 'k99', value: Buffer.alloc(10) });
    await store.delete(Array.from({ length: 100 }, (_, i) => `k${i}`));
    expect([store.entries, store.bytes]).toEqual([0, 0]);
  });

  test('refuses a value that is larger than all it may hold, and keeps what it has', async () => {
    const store = memoryStore({ maxBytes: 10_000 });
    await store.run(put, { key: 'k', value: 'kept' });
    await expect(store.run(put, { key: 'k', value: Buffer.alloc(10_000) })).rejects.toMatchObject({
      code: 'STORE_REFUSED',
    });
    expect(String(await store.readOne('k'))).toBe('kept');
  });

  test('counts the bytes of hashes and sorted sets exactly, as fields and members come and go', async () => {
    const store = memoryStore();
    const change = (key: string, command: StructureCommand, ...args: string[]): Promise<unknown> =>
      store.run(structure, { key, command, args });
    for (let i = 0; i < 100; i++) {
      await change('h', 'HSET', `f${i % 30}`, 'v'.repeat(i));
      await change('z', 'ZADD', `${i}`, `m${i % 30}`);
    }
    const most = store.bytes;
    expect(most).toBeGreaterThan(30 * 200);
    for (let i = 0; i < 30; i++) {
      await change('h', 'HDEL', `f${i}`);
      await change('z', 'ZREM', `m${i}`);
    }
    expect([store.entries, store.bytes]).toEqual([0, 0]);
    await change('h', 'HSET', 'f', 'v');
    await change('z', 'ZADD', '1', 'm');
    await store.run(put, { key: 'h', value: 'v' });
    await store.delete(['h', 'z']);
    expect(store.bytes).toBe(0);
  });

  test('refuses what would make a structure larger than all it may hold, and keeps what it has', async () => {
    const store = memoryStore({ maxBytes: 2_000 });
    const ask = (key: string, command: StructureCommand, ...args: string[]): Promise<unknown> =>
      store.run(structure, { key, command, args });
    await ask('h', 'HSET', 'f', 'kept');
    await expect(ask('h', 'HSET', 'f', 'v'.repeat(2_000))).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect(await ask('h', 'HGET', 'f')).toBe('kept');
    await expect(ask('new', 'ZADD', '1', 'm'.repeat(2_000))).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect(await ask('new', 'TYPE')).toBe('none');
    for (let i = 0; i < 8; i++) await ask(`z${i}`, 'ZADD', '1', 'm'.repeat(400));
    expect(store.bytes).toBeLessThanOrEqual(2_000);
    expect(await ask('z7', 'ZCARD')).toBe(1);
  });

  test('sweeps structures that have expired', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    for (let i = 0; i < 100; i++) {
      await store.run(structure, { key: `k${i}`, command: 'HSET', args: ['f', 'v'] });
      await store.run(live, { key: `k${i}`, lifetime: 1_000 });
    }
    clock.advance(1_001);
    for (let i = 0; i < 100; i++) await store.readOne('other');
    expect([store.entries, store.bytes]).toEqual([0, 0]);
  });

  test('evicts what is not used before what is', async () => {
    const store = memoryStore({ maxEntries: 100 });
    await fill(store, 100);
    for (let i = 100; i < 1_000; i++) {
      await store.readOne('k7');
      await store.run(put, { key: `new${i}`, value: 'v' });
    }
    expect(String(await store.readOne('k7'))).toBe('v');
  });

  test('never evicts what was just written', async () => {
    const store = memoryStore({ maxEntries: 3 });
    for (let i = 0; i < 50; i++) {
      await store.run(put, { key: `k${i}`, value: 'v' });
      expect(String(await store.readOne(`k${i}`))).toBe('v');
    }
  });

  test('keeps no dead entries: calls on other keys remove them, without a timer', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    await fill(store, 5_000, 1_000);
    await store.run(put, { key: 'stays', value: 'v' });
    clock.advance(1_001);
    for (let i = 0; i < 1_000; i++) await store.readOne('stays');
    expect(store.entries).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('lets no expired key push out a live one it has already found dead', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock, maxEntries: 10 });
    await fill(store, 10, 1_000);
    clock.advance(1_001);
    await fill(store, 10);
    expect((await store.health()).warnings).toEqual([]);
  });

  test('counts lifetimes on the monotonic clock: a jump of the wall clock neither kills nor revives', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    await store.run(put, { key: 'k', value: 'v', lifetime: 1_000 });
    clock.set(clock.now() + 86_400_000);
    expect(await store.expiry('k')).toBe(1_000);
    clock.set(0);
    clock.advance(1_000);
    expect(await store.readOne('k')).toBeNull();
  });

  test.each([
    [{ maxEntries: 0 }, 'maxEntries'],
    [{ maxEntries: Number.NaN }, 'maxEntries'],
    [{ maxBytes: 1.5 }, 'maxBytes'],
    [{ maxbytes: 1 }, 'memoryStore.maxbytes'],
    [{ epoch: 'a b' }, 'epoch'],
  ])('refuses %o', (options, field) => {
    expect(() => memoryStore(options as object)).toThrow(
      expect.objectContaining({ name: 'UsageError', field }) as Error,
    );
  });

  test('stays within its limits and consistent with itself, whatever is done', async () => {
    const action = fc.oneof(
      fc.record({
        act: fc.constant('put' as const),
        key: fc.nat(20),
        size: fc.nat(300),
        lifetime: fc.option(fc.integer({ min: 1, max: 50 })),
      }),
      fc.record({ act: fc.constant('delete' as const), key: fc.nat(20) }),
      fc.record({ act: fc.constant('wait' as const), milliseconds: fc.nat(30) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 100 }), async (actions) => {
        const clock = fakeClock();
        const store = memoryStore({ clock, maxEntries: 8, maxBytes: 2_000 });
        const sizes = new Map<string, number>();
        for (const step of actions) {
          if ('size' in step) {
            const { lifetime, size } = step;
            await store.run(put, { key: `k${step.key}`, value: Buffer.alloc(size), ...(lifetime && { lifetime }) });
            sizes.set(`k${step.key}`, size);
          }
          if (step.act === 'delete') await store.delete([`k${step.key}`]);
          if (step.act === 'wait') clock.advance(step.milliseconds);
          const held = [...sizes.keys()];
          const read = (await store.read(held)).map((value, i) => value?.length ?? sizes.get(held[i]!));
          expect(read).toEqual([...sizes.values()]);
          expect(store.entries).toBeLessThanOrEqual(8);
          expect(store.bytes).toBeLessThanOrEqual(2_000);
        }
        clock.advance(51);
        await store.delete([...sizes.keys()]);
        expect([store.entries, store.bytes]).toEqual([0, 0]);
      }),
    );
  });
});
