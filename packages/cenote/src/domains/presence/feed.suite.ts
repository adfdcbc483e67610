import { afterEach, beforeEach, expect, test } from 'vitest';

import type { World } from '../../cache/world.fixture.js';
import type { Suite } from '../kit/worlds.fixture.js';
import { changesOf, neighbours, open } from './presence.suite.js';

/** Who is told of changes, on whatever store. */
export const feedSuite: Suite = (makeWorld) => {
  let world: World;
  beforeEach(() => void (world = makeWorld()));
  afterEach(() => world.close());

  test('own changes are told at once, each once, and nothing where the status stays', async () => {
    const a = open(world);
    const told = changesOf(a);
    await a.domain.poll();
    await a.domain.setOnline('alice', '5m', { connectionId: 'tab' });
    await a.domain.setOnline('alice', '5m', { connectionId: 'phone' });
    await a.domain.extendOnline('alice', '5m', { connectionId: 'tab' });
    await a.domain.setAway('alice');
    await a.domain.setAway('alice');
    await a.domain.setOffline('alice', { connectionId: 'tab' });
    await a.domain.setOffline('alice');
    await a.domain.setOffline('alice');
    const all = ['alice online', 'alice away', 'alice offline'];
    expect(told).toEqual(all);
    await a.domain.poll();
    expect(told).toEqual(all);
  });

  test('changes of others are told when polled, once, from the first poll on', async () => {
    const [a, b] = [open(world), open(world)];
    const told = changesOf(b);
    await a.domain.setOnline('early');
    await b.domain.poll();
    await a.domain.setOnline('alice');
    await a.domain.setAway('alice');
    expect(told).toEqual([]);
    await b.domain.poll();
    await b.domain.poll();
    expect(told).toEqual(['alice online', 'alice away']);
  });

  test('a listener is told when and by whom, until it has enough; what it throws harms nobody', async () => {
    const [a, b] = [open(world), open(world)];
    const seen: unknown[] = [];
    const stop = b.domain.on('change', ({ at, own }) => {
      seen.push([Math.abs(at.getTime() - b.store.now()) < 5_000, own]);
      throw new Error('a mistake of the listener');
    });
    const warned = new Promise((resolve) => process.once('warning', resolve));
    await b.domain.poll();
    await a.domain.setOnline('alice');
    await b.domain.poll();
    expect(await warned).toMatchObject({ message: 'a mistake of the listener' });
    stop();
    await b.domain.setOnline('bob');
    expect(seen).toEqual([[true, false]]);
  });

  test('an older change of another comes not after a newer one of ours', async () => {
    const [a, b] = [open(world), open(world)];
    const told = changesOf(b);
    await b.domain.poll();
    await a.domain.setOnline('alice');
    await a.domain.setOffline('alice');
    await b.domain.setOnline('alice');
    await b.domain.poll();
    expect(told).toEqual(['alice online']);
    await a.domain.setAway('alice');
    await b.domain.poll();
    expect(told).toEqual(['alice online', 'alice away']);
  });

  test('a change whose answer was lost is told by the feed', async () => {
    const a = open(world);
    const told = changesOf(a);
    await a.domain.poll();
    a.store.dropReply('run:presence:change');
    await world.soon(a.domain.setOnline('alice'));
    expect(told).toEqual([]);
    await a.domain.poll();
    expect(told).toEqual(['alice online']);
  });

  test('a sweep whose answer was lost reports at the next, but not who came back', async () => {
    const [a, b] = [open(world), open(world)];
    const told = [changesOf(a), changesOf(b)];
    for (const { domain } of [a, b]) await domain.poll();
    const [alice, bob] = neighbours(2) as [string, string];
    for (const user of [alice, bob]) await a.domain.setOnline(user, 400);
    await world.pass(450);
    a.store.dropReply('run:presence:sweep');
    expect(await world.soon(a.domain.sweep())).toEqual([]);
    expect(await b.domain.sweep()).toEqual([]);
    await b.domain.setOnline(bob);
    expect(await a.domain.sweep()).toEqual([alice]);
    expect(await a.domain.sweep()).toEqual([]);
    for (const { domain } of [a, b]) await domain.poll();
    expect(told[0]).toEqual([`${alice} online`, `${bob} online`, `${alice} offline`, `${bob} online`]);
    // The other had not polled before it brought bob back: that he was away for a moment is no news.
    expect(told[1]).toEqual([`${bob} online`, `${alice} online`, `${alice} offline`]);
  });

  test('who polls too seldom is told that there is a gap', async () => {
    const [a, b] = [open(world), open(world)];
    const gaps: string[] = [];
    b.domain.on('gap', ({ reason }) => void gaps.push(reason));
    const told = changesOf(b);
    await b.domain.poll();
    const [alice] = neighbours(1) as [string];
    for (let n = 0; n < 249; n++) await Promise.all([a.domain.setOnline(alice), a.domain.setOffline(alice)]);
    await b.domain.poll();
    expect([told.length, gaps]).toEqual([498, []]);
    for (let n = 0; n < 251; n++) await Promise.all([a.domain.setOnline(alice), a.domain.setOffline(alice)]);
    await b.domain.poll();
    expect([told.length, gaps]).toEqual([998, ['overrun']]);
    await b.domain.poll();
    expect(gaps).toHaveLength(1);
  });

  test('who has not polled for an hour is told that there may be a gap', async () => {
    const [a] = [open(world)];
    const gaps: string[] = [];
    a.domain.on('gap', ({ reason }) => void gaps.push(reason));
    await a.domain.poll();
    // Of this process's clock alone.
    world.clock.advance(3_600_001);
    await a.domain.poll();
    await a.domain.poll();
    expect(gaps).toEqual(['overrun']);
  });

  test('started, it polls and sweeps until it is stopped', async () => {
    const [a, b] = [open(world), open(world)];
    const told = changesOf(b);
    const rounds = (): number => b.store.calls.filter((call) => call === 'run:presence:silent').length / 64;
    expect(rounds()).toBe(0);
    b.domain.start({ every: 500 });
    await world.soon(b.domain.poll());
    await a.domain.setOnline('alice', 400);
    await world.pass(550);
    await world.pass(550);
    expect(told).toEqual(['alice online', 'alice offline']);
    b.domain.stop();
    await world.turns();
    const before = rounds();
    expect(before).toBeGreaterThanOrEqual(3);
    await world.pass(1_500);
    expect([rounds(), await a.domain.sweep()]).toEqual([before, []]);
  });
};
