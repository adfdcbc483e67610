import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';

import { Shelf } from './shelf.js';

let made: Shelf<unknown>[] = [];

function shelfOf<Value = string>(limits: { maxEntries?: number; maxBytes?: number } = {}): Shelf<Value> {
  const shelf = new Shelf<Value>({ maxEntries: 100, maxBytes: Infinity, ...limits });
  made.push(shelf);
  return shelf;
}

/** Sets keys that weigh 1 and never expire. */
function fill(shelf: Shelf<string>, count: number, prefix = 'k'): void {
  for (let i = 0; i < count; i++) shelf.set(`${prefix}${i}`, 'v', 1, Infinity, 0);
}

function held(shelf: Shelf<string>, count: number, prefix = 'k'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`).filter((key) => shelf.get(key, 0) !== undefined);
}

afterEach(() => {
  for (const shelf of made) shelf.checkInvariants();
  made = [];
});

describe('a shelf', () => {
  test('returns what was set, under its key only', () => {
    const shelf = shelfOf();
    shelf.set('a', 'one', 1, Infinity, 0);
    shelf.set('b', '', 1, Infinity, 0);
    expect([shelf.get('a', 0), shelf.get('b', 0), shelf.get('c', 0)]).toEqual(['one', '', undefined]);
    expect([shelf.size, shelf.bytes]).toEqual([2, 2]);
  });

  test('replaces a value, its weight and its lifetime', () => {
    const shelf = shelfOf({ maxBytes: 10 });
    shelf.set('a', 'old', 9, 5, 0);
    expect(shelf.set('a', 'new', 4, 50, 0)).toBe(true);
    expect([shelf.get('a', 20), shelf.size, shelf.bytes, shelf.evictions]).toEqual(['new', 1, 4, 0]);
  });

  test('deletes, and says whether there was something', () => {
    const shelf = shelfOf();
    shelf.set('a', 'v', 7, Infinity, 0);
    expect([shelf.delete('a'), shelf.delete('a'), shelf.get('a', 0), shelf.bytes]).toEqual([true, false, undefined, 0]);
  });

  test('is empty after clear, and works on', () => {
    const shelf = shelfOf();
    fill(shelf, 50);
    shelf.clear();
    expect([shelf.size, shelf.bytes, shelf.get('k1', 0)]).toEqual([0, 0, undefined]);
    fill(shelf, 500);
    expect(shelf.size).toBe(100);
  });
});

describe('bounds', () => {
  test('it never holds more entries than it may', () => {
    const shelf = shelfOf();
    fill(shelf, 1_000);
    expect([shelf.size, shelf.evictions]).toEqual([100, 900]);
  });

  test('it never holds more bytes than it may', () => {
    const shelf = shelfOf({ maxEntries: 10_000, maxBytes: 1_000 });
    for (let i = 0; i < 500; i++) {
      shelf.set(`k${i}`, 'v', 1 + ((i * 37) % 90), Infinity, 0);
      expect(shelf.bytes).toBeLessThanOrEqual(1_000);
    }
    expect(shelf.size).toBeGreaterThan(10);
  });

  test.each([1, 2, 3])('what was just set is there, even with room for %i', (maxEntries) => {
    const shelf = shelfOf({ maxEntries });
    for (let i = 0; i < 50; i++) {
      shelf.set(`k${i}`, 'v', 1, Infinity, 0);
      expect(shelf.get(`k${i}`, 0)).toBe('v');
    }
  });

  test('a value larger than all it may hold is not kept, evicts nothing, and does not leave the old one', () => {
    const shelf = shelfOf({ maxBytes: 100 });
    fill(shelf, 10);
    expect(shelf.set('k3', 'large', 101, Infinity, 0)).toBe(false);
    expect([shelf.get('k3', 0), shelf.size, shelf.evictions]).toEqual([undefined, 9, 0]);
    expect(shelf.set('k3', 'as large as all', 100, Infinity, 0)).toBe(true);
    expect([shelf.size, shelf.bytes]).toEqual([1, 100]);
  });
});

describe('eviction', () => {
  test.each([
    ['entries', { maxEntries: 100 }],
    ['bytes', { maxEntries: 10_000, maxBytes: 100 }],
  ])('keys that are read outlive a scan of any length, where the bound is of %s', (_, limits) => {
    const shelf = shelfOf(limits);
    fill(shelf, 50, 'read');
    held(shelf, 50, 'read');
    fill(shelf, 50_000, 'scan');
    expect(held(shelf, 50, 'read')).toHaveLength(50);
  });

  test('the unused leave in the order in which they came', () => {
    const shelf = shelfOf({ maxEntries: 10 });
    fill(shelf, 13);
    expect(held(shelf, 13)).toEqual(['k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9', 'k10', 'k11', 'k12']);
  });

  test('a key that comes back soon after its eviction outlives newcomers', () => {
    const shelf = shelfOf();
    fill(shelf, 120);
    shelf.set('k19', 'again', 1, Infinity, 0);
    fill(shelf, 95, 'new');
    expect(shelf.get('k19', 0)).toBe('again');
  });

  test('a used key that was invalidated is as popular when it returns', () => {
    const shelf = shelfOf();
    fill(shelf, 100);
    for (const key of ['k1', 'k2']) shelf.get(key, 0);
    for (const key of ['k1', 'k2', 'k3']) shelf.delete(key);
    for (const key of ['k1', 'k3']) shelf.set(key, 'again', 1, Infinity, 0);
    fill(shelf, 200, 'new');
    expect([shelf.get('k1', 0), shelf.get('k3', 0)]).toEqual(['again', undefined]);
  });

  test('a used key that expired is as popular when it returns', () => {
    const shelf = shelfOf();
    for (const key of ['used', 'unused']) shelf.set(key, 'v', 1, 10, 0);
    fill(shelf, 98);
    shelf.get('used', 9);
    for (const key of ['used', 'unused']) expect(shelf.get(key, 10)).toBeUndefined();
    for (const key of ['used', 'unused']) shelf.set(key, 'again', 1, Infinity, 10);
    fill(shelf, 200, 'new');
    expect([shelf.get('used', 10), shelf.get('unused', 10)]).toEqual(['again', undefined]);
  });

  test('a new value of a used key is as popular', () => {
    const shelf = shelfOf();
    fill(shelf, 100);
    shelf.get('k50', 0);
    for (const key of ['k50', 'k51']) shelf.set(key, 'again', 1, Infinity, 0);
    fill(shelf, 200, 'new');
    expect([shelf.get('k50', 0), shelf.get('k51', 0)]).toEqual(['again', undefined]);
  });

  test('popularity of the past gives way', () => {
    const shelf = shelfOf();
    fill(shelf, 100, 'old');
    for (let i = 0; i < 5; i++) held(shelf, 100, 'old');
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 80; j++) if (shelf.get(`new${j}`, 0) === undefined) shelf.set(`new${j}`, 'v', 1, Infinity, 0);
    }
    expect(held(shelf, 80, 'new').length).toBeGreaterThan(70);
  });
});

describe('expiry', () => {
  test('a value is gone from the very time of its expiry', () => {
    const shelf = shelfOf();
    shelf.set('a', 'v', 1, 10, 0);
    expect([shelf.get('a', 9.99), shelf.get('a', 10), shelf.size]).toEqual(['v', undefined, 0]);
    expect([shelf.expirations, shelf.evictions]).toEqual([1, 0]);
  });

  test('a value that has expired already is not kept, and does not leave the old one', () => {
    const shelf = shelfOf();
    shelf.set('a', 'old', 1, 100, 0);
    expect(shelf.set('a', 'dead', 1, 50, 50)).toBe(false);
    expect(shelf.get('a', 50)).toBeUndefined();
  });

  test('the dead leave while others are set, within a quarter as many calls as there are places', () => {
    const shelf = shelfOf({ maxEntries: 10_000 });
    for (let i = 0; i < 5_000; i++) shelf.set(`k${i}`, 'v', 1, 1_000, 0);
    for (let i = 0; i < 2_048; i++) shelf.set('stays', 'v', 1, Infinity, 1_000);
    expect([shelf.size, shelf.expirations]).toEqual([1, 5_000]);
  });

  test('the dead leave by sweep when nothing is set', () => {
    const shelf = shelfOf();
    for (let i = 0; i < 50; i++) shelf.set(`k${i}`, 'v', 1, 10, 0);
    for (let i = 0; i < 16; i++) shelf.sweep(10);
    expect(shelf.size).toBe(0);
  });

  test('the dead make room before the living do', () => {
    const shelf = shelfOf({ maxEntries: 1_000 });
    for (let i = 0; i < 8; i++) shelf.set(`dead${i}`, 'v', 1, 10, 0);
    fill(shelf, 992);
    for (let i = 0; i < 8; i++) shelf.set(`new${i}`, 'v', 1, Infinity, 10);
    expect([shelf.size, shelf.expirations, shelf.evictions]).toEqual([1_000, 8, 0]);
  });

  test('where all expire, no more of the dead are held than a quarter of the places', () => {
    const shelf = shelfOf<number>({ maxEntries: 1_000_000 });
    let most = 0;
    for (let now = 0; now < 50_000; now++) {
      shelf.set(`k${now}`, now, 1, now + 3_000, now);
      most = Math.max(most, shelf.size);
    }
    expect(most).toBeLessThanOrEqual(3_000 + 4_096 / 4);
  });
});

describe('against a naive model', () => {
  interface Kept {
    readonly value: number;
    readonly bytes: number;
    readonly expiresAt: number;
  }

  const key = fc.integer({ min: 0, max: 30 }).map((number) => `k${number}`);
  const operation = fc.oneof(
    { weight: 60, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
    {
      weight: 60,
      arbitrary: fc.record({
        kind: fc.constant('set' as const),
        key,
        bytes: fc.integer({ min: 0, max: 40 }),
        lifetime: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(Infinity)),
      }),
    },
    { weight: 20, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
    { weight: 20, arbitrary: fc.record({ kind: fc.constant('wait' as const), time: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 10, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  );
  const limits = fc.record({
    maxEntries: fc.integer({ min: 1, max: 25 }),
    maxBytes: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(Infinity)),
  });

  test('whatever is done, each read finds the last value set or nothing, and every invariant holds', () => {
    fc.assert(
      fc.property(limits, fc.array(operation, { maxLength: 150 }), (bounds, operations) => {
        const shelf = new Shelf<number>(bounds);
        const model = new Map<string, Kept>();
        let now = 0;
        let written = 0;
        for (const step of operations) {
          if (step.kind === 'wait') now += step.time;
          else if (step.kind === 'sweep') shelf.sweep(now);
          else if (step.kind === 'clear') {
            shelf.clear();
            model.clear();
          } else if (step.kind === 'delete') {
            const deleted = shelf.delete(step.key);
            if (!model.delete(step.key)) expect(deleted).toBe(false);
          } else if (step.kind === 'get') {
            const found = shelf.get(step.key, now);
            const kept = model.get(step.key);
            if (found !== undefined) expect([found, (kept?.expiresAt ?? 0) > now]).toEqual([kept?.value, true]);
          } else {
            const entry = { value: written++, bytes: step.bytes, expiresAt: now + step.lifetime };
            const kept = shelf.set(step.key, entry.value, entry.bytes, entry.expiresAt, now);
            expect(kept).toBe(step.bytes <= bounds.maxBytes && step.lifetime > 0);
            if (kept) model.set(step.key, entry);
            else model.delete(step.key);
          }
          shelf.checkInvariants();
        }
      }),
      { numRuns: 300 },
    );
  });

  test('with room for all, it is a map: nothing leaves but by delete and by time', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 150 }), (operations) => {
        const shelf = new Shelf<number>({ maxEntries: 1_000, maxBytes: Infinity });
        const model = new Map<string, Kept>();
        let now = 0;
        for (const step of operations) {
          if (step.kind === 'wait') now += step.time;
          else if (step.kind === 'delete') {
            shelf.delete(step.key);
            model.delete(step.key);
          } else if (step.kind === 'set') {
            const entry = { value: model.size, bytes: step.bytes, expiresAt: now + step.lifetime };
            shelf.set(step.key, entry.value, entry.bytes, entry.expiresAt, now);
            model.set(step.key, entry);
          }
          for (const [name, { value, expiresAt }] of model) {
            expect(shelf.get(name, now)).toBe(expiresAt > now ? value : undefined);
          }
          shelf.checkInvariants();
        }
        expect(shelf.evictions).toBe(0);
      }),
    );
  });
});
