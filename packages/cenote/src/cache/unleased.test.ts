import { expect, test } from 'vitest';

import { Deferred } from '../core/deferred.js';
import { Unleased } from './unleased.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Loads that end when told. */
function loads() {
  const begun: Deferred<string>[] = [];
  const load = (): Promise<string> => {
    const one = new Deferred<string>();
    begun.push(one);
    return one.promise;
  };
  return { begun, load };
}

test('a key has at most two loads at a time, and callers share the next', async () => {
  const { begun, load } = loads();
  const unleased = new Unleased(10);
  const first = unleased.run('k', load, undefined);
  const second = Array.from({ length: 5 }, () => unleased.run('k', load, undefined));
  await turn();
  const third = Array.from({ length: 5 }, () => unleased.run('k', load, undefined));
  await turn();
  expect(begun).toHaveLength(2);
  begun[0]?.resolve('first');
  expect(await first).toBe('first');
  await turn();
  expect(begun).toHaveLength(3);
  begun[1]?.resolve('second');
  begun[2]?.resolve('third');
  expect(await Promise.all([...second, ...third])).toEqual([
    ...second.map(() => 'second'),
    ...third.map(() => 'third'),
  ]);
});

test('a key whose loads have ended begins anew', async () => {
  const { begun, load } = loads();
  const unleased = new Unleased(10);
  for (let times = 0; times < 3; times++) {
    const one = unleased.run('k', load, undefined);
    expect(begun).toHaveLength(times + 1);
    begun[times]?.resolve(String(times));
    expect(await one).toBe(String(times));
    await turn();
  }
});

test('all keys together are bounded, and each gets its turn', async () => {
  const { begun, load } = loads();
  const unleased = new Unleased(2);
  const all = Array.from({ length: 6 }, (_, index) => unleased.run(`k${index}`, load, undefined));
  for (let ended = 0; ended < 6; ended++) {
    await turn();
    expect(begun.length).toBe(Math.min(ended + 2, 6));
    begun[ended]?.resolve('done');
  }
  expect(await Promise.all(all)).toHaveLength(6);
});

test('a failure is that of those who shared, and of nobody later', async () => {
  const unleased = new Unleased(1);
  const failing = unleased.run('k', () => Promise.reject(new Error('mine')), undefined);
  const next = unleased.run('k', async () => 'good', undefined);
  await expect(failing).rejects.toThrow('mine');
  expect(await next).toBe('good');
});

test('a caller that leaves does not take the load of others with it', async () => {
  const { begun, load } = loads();
  const unleased = new Unleased(10);
  const leaving = new AbortController();
  void unleased.run('k', load, undefined);
  const left = unleased.run('k', load, leaving.signal);
  const stays = unleased.run('k', load, undefined);
  await turn();
  leaving.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  begun[1]?.resolve('shared');
  expect(await stays).toBe('shared');
  begun[0]?.resolve('first');
});

test('a load ends with the last who waits for it', async () => {
  const unleased = new Unleased(10);
  const leaving = new AbortController();
  let end: AbortSignal | undefined;
  const left = unleased.run('k', (signal) => ((end = signal), new Promise(() => {})), leaving.signal);
  leaving.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  expect(end?.reason).toEqual(new Error('left'));
});

test('a load that all have left before it could begin never does, and later callers are served', async () => {
  const { begun, load } = loads();
  const unleased = new Unleased(1);
  const busy = unleased.run('other', load, undefined);
  const leaving = new AbortController();
  const left = unleased.run('k', load, leaving.signal);
  leaving.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  begun[0]?.resolve('done');
  await busy;
  await turn();
  expect(begun).toHaveLength(1);
  const later = unleased.run('k', load, undefined);
  await turn();
  begun[1]?.resolve('served');
  expect(await later).toBe('served');
});
