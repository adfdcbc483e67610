import fc from 'fast-check';
import { expect, test } from 'vitest';

import { memoryStore } from '../store/memory/memory-store.js';
import { fakeClock } from '../testing/fake-clock.js';
import { faultyStore } from '../testing/faulty-store.js';
import { Acknowledged, rememberedFor } from './acknowledged.js';
import { maximumPending, type Pending } from './pending.js';

/** A store, time, and what has been lost by its changes of server. */
function arrange() {
  const clock = fakeClock();
  const store = faultyStore(memoryStore({ clock }), { clock });
  const lost: Pending[][] = [];
  const acknowledged = new Acknowledged(store, clock, (generations) => lost.push([...generations]));
  let servers = 0;
  return {
    clock,
    store,
    acknowledged,
    changes: () => lost.length,
    say: (stored: string) => acknowledged.add((young) => young.addKey({ stored, settle: 0, version: undefined })),
    /** What is lost when another server takes over now. */
    takeOver: (): string[] => {
      store.restore(`server ${servers++}`);
      return (lost.at(-1) ?? []).flatMap((generation) => generation.keys().map(({ stored }) => stored));
    },
  };
}

test('what was acknowledged is lost once, when the store turns out to be another', () => {
  const { say, takeOver } = arrange();
  say('k1');
  say('k2');
  say('k1');
  expect(takeOver()).toEqual(['k1', 'k2']);
  expect(takeOver()).toEqual([]);
});

test('nothing is lost when the same server is back', () => {
  const { store, say, changes, takeOver } = arrange();
  say('k');
  store.takeDown();
  store.restore();
  expect(changes()).toBe(0);
  expect(takeOver()).toEqual(['k']);
});

test('each is remembered for as long as a change may go unnoticed, and none for more than twice that', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 7_000 }), { minLength: 1, maxLength: 12 }), (waits) => {
      const { clock, say, takeOver } = arrange();
      const saidAt = new Map<string, number>();
      for (const [index, wait] of waits.entries()) {
        say(`k${index}`);
        saidAt.set(`k${index}`, clock.monotonic());
        clock.advance(wait);
      }
      const lost = new Set(takeOver());
      const among = (from: number, to: number): boolean[] =>
        [...saidAt]
          .map(([key, at]) => ({ key, age: clock.monotonic() - at }))
          .filter(({ age }) => age >= from && age < to)
          .map(({ key }) => lost.has(key));
      expect(among(0, rememberedFor)).not.toContain(false);
      expect(among(2 * rememberedFor, Infinity)).not.toContain(true);
    }),
  );
});

test('time stands still while the store is away', () => {
  const { clock, store, say, takeOver } = arrange();
  say('k');
  clock.advance(rememberedFor - 1);
  store.takeDown();
  clock.advance(100 * rememberedFor);
  expect(takeOver()).toEqual(['k']);
});

test('and while this process is frozen', () => {
  const { clock, say, takeOver } = arrange();
  say('k');
  clock.block(100 * rememberedFor);
  clock.advance(rememberedFor - 1);
  expect(takeOver()).toEqual(['k']);
});

test('goes on when the store is back; in the end nothing is remembered, and no timer waits', () => {
  const { clock, store, acknowledged, say } = arrange();
  say('k');
  store.takeDown();
  clock.advance(rememberedFor);
  expect([acknowledged.size, clock.pending]).toEqual([1, 0]);
  store.restore();
  clock.advance(2 * rememberedFor);
  expect([acknowledged.size, clock.pending]).toEqual([0, 0]);
});

test('one timer serves all', () => {
  const { clock, say } = arrange();
  for (let index = 0; index < 1_000; index++) say(`k${index}`);
  expect(clock.pending).toBe(1);
});

test('too many become one that means everything', () => {
  const { acknowledged, say } = arrange();
  for (let index = 0; index < 3 * maximumPending; index++) say(`k${index}`);
  expect(acknowledged.size).toBe(1);
});
