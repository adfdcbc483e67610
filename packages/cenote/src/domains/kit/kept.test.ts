import { describe, expect, test } from 'vitest';

import { Tally } from '../../cache/tally.js';
import { StoreError } from '../../core/errors.js';
import type { CacheEvent } from '../../core/events.js';
import { memoryStore } from '../../store/memory/memory-store.js';
import { fakeClock } from '../../testing/fake-clock.js';
import { faultyStore } from '../../testing/faulty-store.js';
import { Kept, maximumKept, type Replay } from './kept.js';

/** A list on a store that can be taken away, and what reached it. */
function arrange(most?: number) {
  const clock = fakeClock();
  const store = faultyStore(memoryStore({ clock }), { clock });
  const events: CacheEvent[] = [];
  const tally = new Tally('test', clock, (event) => events.push(event));
  const kept = new Kept(store, clock, most);
  const reached: string[] = [];
  /** Reaches the store as `say`, when it is there. */
  const sends =
    (say: string): Replay =>
    async () => {
      await store.readOne('k');
      reached.push(say);
    };
  const keep = (key: string, replay: Replay = sends(key)): boolean => kept.keep(key, replay, tally);
  return { clock, store, kept, events, reached, sends, keep };
}

const refused = new StoreError('STORE_REFUSED', 'out of memory');

describe('kept writes', () => {
  test('are sent in the order in which they were kept, as soon as the store comes up', async () => {
    const { clock, store, kept, reached, keep, events } = arrange();
    store.takeDown();
    for (const key of ['b', 'a', 'c']) keep(key);
    await clock.elapse(10_000);
    expect([reached, kept.size, kept.covers('a')]).toEqual([[], 3, true]);
    store.restore();
    await clock.elapse(0);
    expect([reached, kept.size, kept.covers('a')]).toEqual([['b', 'a', 'c'], 0, false]);
    expect(events.filter(({ type }) => type === 'keep')).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ type: 'replay', replayed: 3, backlog: 0 });
    expect(clock.pending).toBe(0);
  });

  test('are tried again by themselves, with growing pauses of at most a second', async () => {
    const { clock, store, reached, keep } = arrange();
    store.fail('readOne', refused, 8);
    keep('a');
    await clock.elapse(49);
    expect(store.calls).toHaveLength(0);
    await clock.elapse(1);
    expect(store.calls).toHaveLength(1);
    await clock.elapse(1_550);
    expect(store.calls).toHaveLength(5);
    await clock.elapse(10_000);
    expect(reached).toEqual(['a']);
    expect(store.calls).toHaveLength(9);
  });

  test('the newest of a key wins, and takes its place at the end', async () => {
    const { clock, reached, keep, sends } = arrange();
    keep('a', sends('a, old'));
    keep('b');
    keep('a', sends('a, new'));
    await clock.elapse(100);
    expect(reached).toEqual(['b', 'a, new']);
  });

  test('what is kept again while it is being sent is sent again', async () => {
    const { clock, store, kept, reached, keep, sends } = arrange();
    const held = store.hold('readOne');
    keep('a', sends('old'));
    await clock.elapse(50);
    await held.reached;
    keep('a', sends('new'));
    held.release();
    await clock.elapse(100);
    expect(reached).toEqual(['old', 'new']);
    expect(kept.size).toBe(0);
  });

  test('one that is refused stands in nobody’s way', async () => {
    const { clock, kept, reached, keep } = arrange();
    for (let i = 0; i < 150; i++) keep(`bad${i}`, () => Promise.reject(refused));
    keep('good');
    await clock.elapse(1_000);
    expect(reached).toEqual(['good']);
    expect(kept.size).toBe(150);
  });

  test('more than there is room for are refused, but not of a key that is kept', () => {
    const { keep } = arrange(2);
    expect([keep('a'), keep('b'), keep('c'), keep('a')]).toEqual([true, true, false, true]);
    expect(maximumKept).toBe(10_000);
  });

  test('a write that replaces all is not overtaken by what was kept before it', async () => {
    const { clock, kept, reached, keep } = arrange();
    keep('a');
    const end = kept.supersede('a');
    await clock.elapse(5_000);
    expect([reached, kept.covers('a')]).toEqual([[], true]);
    end(true);
    expect(kept.covers('a')).toBe(false);
    await clock.elapse(5_000);
    expect(reached).toEqual([]);
  });

  test('a write that replaces all and fails leaves what was kept, or what it keeps itself', async () => {
    const { clock, kept, reached, keep, sends } = arrange();
    keep('a');
    kept.supersede('a')(false);
    keep('b');
    const end = kept.supersede('b');
    keep('b', sends('b, newer'));
    end(true);
    await clock.elapse(5_000);
    expect(reached).toEqual(['a', 'b, newer']);
  });

  test('a store that is closed is left alone', async () => {
    const { clock, store, keep } = arrange();
    keep('a');
    await store.close();
    await clock.elapse(60_000);
    expect(store.calls).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
