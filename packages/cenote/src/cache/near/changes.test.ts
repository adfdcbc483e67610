/** Who waits for a load of another process is woken by the feed. Time stands still here unless a test lets it pass. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { fakeClock } from '../../testing/fake-clock.js';
import { memoryWorld, Source, type Process, type World } from '../world.fixture.js';
import { Changes } from './changes.js';

describe('a change', () => {
  test('wakes who waits for it, and is known to who waits later', async () => {
    const changes = new Changes();
    const change = changes.of(['k', 'lease']);
    const waiting = change.within(fakeClock(), 100);
    changes.changed('lease');
    const later = change.within(fakeClock(), 100);
    await expect(Promise.all([waiting, later])).resolves.toBeDefined();
  });

  test('of another key, or told after its end, wakes nobody', async () => {
    const [changes, clock] = [new Changes(), fakeClock()];
    const change = changes.of(['k']);
    changes.changed('other');
    change.end();
    changes.changed('k');
    changes.lost();
    let isOver = false;
    const waiting = change.within(clock, 100).then(() => (isOver = true));
    await clock.elapse(99);
    expect(isOver).toBe(false);
    await clock.elapse(1);
    expect(await waiting).toBe(true);
  });

  test('that can no longer be told wakes all', async () => {
    const changes = new Changes();
    const waiting = [changes.of(['k']), changes.of(['k', 'l'])].map((change) => change.within(fakeClock(), 100));
    changes.lost();
    await expect(Promise.all(waiting)).resolves.toHaveLength(2);
  });
});

describe('a caller that waits for the load of another process', () => {
  let world: World;
  let source: Source;
  let loader: Process;
  let waiter: Process;
  beforeEach(() => {
    world = memoryWorld();
    source = new Source();
    [loader, waiter] = [0, 1].map(() => world.process({ near: {} })) as [Process, Process];
  });
  afterEach(() => world.close());

  const asked = (): number => waiter.store.calls.filter((call) => call === 'run:acquire').length;
  const later = (promise: Promise<unknown>): (() => string) => {
    let state = 'waits';
    promise.then(
      (value) => (state = String(value)),
      () => (state = 'failed'),
    );
    return () => state;
  };

  /** The loader has read and not answered, and the waiter has asked for the lease. */
  async function wait(
    load: () => unknown = source.load,
  ): Promise<{ answer: () => void; first: Promise<unknown>; seen: () => string }> {
    const slow = source.slow();
    const first = loader.cache.wrap('k', slow.load);
    await world.turns();
    const seen = later(waiter.cache.wrap('k', load));
    await world.turns();
    // Twice: nobody would have told of the time before the first question was answered.
    expect([seen(), asked()]).toEqual(['waits', 2]);
    return { answer: slow.answer, first, seen };
  }

  async function turns(): Promise<void> {
    for (let times = 0; times < 5; times++) await world.turns();
  }

  test('has the value as soon as it is stored', async () => {
    const { answer, seen } = await wait();
    answer();
    await turns();
    expect([seen(), asked(), source.loads, world.clock.monotonic()]).toEqual(['old', 3, 1, 0]);
  });

  test('loads as soon as the lease is given back', async () => {
    let fail = (): void => {};
    const failing = new Promise<string>((_, reject) => (fail = () => reject(new Error('no source'))));
    const first = later(loader.cache.wrap('k', () => failing));
    await world.turns();
    const seen = later(waiter.cache.wrap('k', source.load));
    await world.turns();
    fail();
    await turns();
    expect([first(), seen(), world.clock.monotonic()]).toEqual(['failed', 'old', 0]);
  });

  test('loads as soon as an invalidation has voided the lease', async () => {
    const { seen } = await wait();
    source.row = 'new';
    await loader.cache.del('k');
    await turns();
    expect([seen(), world.clock.monotonic()]).toEqual(['new', 0]);
  });

  test('misses no change that is told between its question and the answer', async () => {
    const slow = source.slow();
    const first = loader.cache.wrap('k', slow.load);
    await world.turns();
    waiter.store.hold('run:acquire', 'after').release();
    const answer = waiter.store.hold('run:acquire', 'after');
    const seen = later(waiter.cache.wrap('k', source.load));
    await answer.reached;
    slow.answer();
    await first;
    answer.release();
    await turns();
    expect([seen(), source.loads, world.clock.monotonic()]).toEqual(['old', 1, 0]);
  });

  test('asks at times as well: who tells may have fallen silent', async () => {
    const { answer, seen } = await wait();
    waiter.store.feed.silence();
    answer();
    await turns();
    expect(seen()).toBe('waits');
    await world.pass(100);
    expect([seen(), source.loads]).toEqual(['old', 1]);
  });

  test('asks at once when the feed is lost, and from then on more often', async () => {
    const { answer, seen } = await wait();
    waiter.store.feed.cut();
    await turns();
    expect([seen(), asked()]).toEqual(['waits', 3]);
    answer();
    await world.pass(30);
    expect([seen(), source.loads]).toEqual(['old', 1]);
  });

  test('waits no longer than it wants to', async () => {
    const impatient = world.process({ near: {}, deadline: { wait: 50 } });
    await wait();
    const seen = later(impatient.cache.wrap('k', () => 'its own'));
    await world.pass(49);
    expect(seen()).toBe('waits');
    await world.pass(1);
    await turns();
    expect(seen()).toBe('its own');
  });
});
