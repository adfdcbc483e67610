import { deepEqual, equal, ok } from 'node:assert/strict';

import type { Store } from '../../store/store.js';
import type { Bench, Body } from './case.js';
import { put } from './example-operations.js';

async function found(store: Store, pattern: string): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const batch of store.scan(pattern)) for (const key of batch) keys.add(key);
  return keys;
}

async function fill({ store, key }: Bench, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => store.run(put, { key: key(name), value: 'v' }, { deadline: 5_000 })));
}

const many = Array.from({ length: 3_000 }, (_, i) => `k${i}`);

export const scanning: Readonly<Record<string, Body>> = {
  async 'a scan finds every key that matches, and no other'(bench) {
    await fill(bench, ['a', 'ab', 'b', 'a*', 'a?', 'a[b]', 'é']);
    const matches = async (pattern: string, ...names: string[]): Promise<void> => {
      const keys = await found(bench.store, bench.glob(pattern));
      deepEqual([...keys].sort(), names.map(bench.key).sort(), pattern);
    };
    await matches('*', 'a', 'ab', 'b', 'a*', 'a?', 'a[b]', 'é');
    await matches('a', 'a');
    await matches('a?', 'ab', 'a*', 'a?');
    await matches('a\\*', 'a*');
    await matches('a\\[b\\]', 'a[b]');
    await matches('[ab]', 'a', 'b');
    await matches('[^a]', 'b');
    await matches('??', 'ab', 'a*', 'a?', 'é');
    await matches('absent*');
  },

  async 'a scan sees many keys, in batches'(bench) {
    await fill(bench, many);
    const keys = await found(bench.store, bench.glob('*'));
    equal(keys.size, many.length);
  },

  async 'a key that is there from start to end is seen, whatever comes and goes'(bench) {
    const { store, key, glob } = bench;
    await fill(bench, many);
    const keys = new Set<string>();
    let round = 0;
    for await (const batch of store.scan(glob('*'))) {
      for (const each of batch) keys.add(each);
      round++;
      await store.delete(
        many
          .filter((_, i) => i % 2 === 1)
          .slice(round * 300, round * 300 + 300)
          .map(key),
      );
      await fill(
        bench,
        Array.from({ length: 300 }, (_, i) => `new${round}.${i}`),
      );
      if (round > 20) break;
    }
    ok(round <= 20, 'a scan ends although keys keep coming');
    for (let i = 0; i < many.length; i += 2) ok(keys.has(key(`k${i}`)), `k${i} was there all the time`);
  },

  async 'a scan may be left early'(bench) {
    await fill(bench, many);
    for await (const batch of bench.store.scan(bench.glob('*'))) {
      ok(batch.length > 0);
      break;
    }
    equal(String(await bench.store.readOne(bench.key('k0'))), 'v');
  },
};
