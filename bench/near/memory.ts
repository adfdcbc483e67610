/** What entries in memory take, and whether the heap stays flat: in a process of its own, started with `--expose-gc`. */
import { setImmediate as nextTurn } from 'node:timers/promises';

import { openCache } from './cenote.js';
import { keys, some } from './subject.js';

export type MemoryName = 'Map' | 'cenote';

export type MemoryWork = { readonly entries: number } | { readonly operations: number };

export interface MemoryResult {
  /** Of one entry, beside its key, which the caller holds. */
  readonly bytes: number;
  /** The heap, in bytes, after each tenth of the operations. */
  readonly heap: readonly number[];
  readonly hits: number;
}

/** 88 bytes on the heap: 16 of the text's own, and its characters. */
const textOf = (number: number): string => String(number).padStart(72, '.');

/** How often each key is read before it is never read again. */
const readsPerKey = 20;
const inFlight = 64;
/** Milliseconds: some thousands of keys are alive at a time. */
const shortLife = 200;

const [name, url] = process.argv.slice(2) as [MemoryName, string];

process.on('message', (work: MemoryWork) => {
  void ('entries' in work ? weigh(work.entries) : wear(work.operations)).then((result) => process.send?.(result));
});
process.once('disconnect', () => process.exit());
process.send?.('ready');

async function weigh(entries: number): Promise<MemoryResult> {
  const all = keys(entries);
  const { cache } = await openCache(url, entries);
  // Once before, so that neither connections nor compiled code count.
  await some(all.slice(0, 1_000), (key) => cache.wrap(key, () => textOf(0), '1s'));
  await cache.clear();
  if (name === 'cenote') await some(all.entries(), ([number, key]) => cache.set(key, textOf(number)));
  const before = await used();
  const map = new Map<string, unknown>();
  if (name === 'Map')
    for (const [number, key] of all.entries()) map.set(key, JSON.parse(JSON.stringify(textOf(number))));
  else await some(all, (key) => cache.get(key));
  const bytes = ((await used()) - before) / entries;
  const { near } = await cache.stats();
  if (name === 'cenote') await some(all, (key) => cache.get(key));
  const hits = (await cache.stats()).near - near;
  return { bytes, heap: [], hits: hits + map.size };
}

/** Keys that are read some times and expire, one after another. */
async function wear(operations: number): Promise<MemoryResult> {
  const { cache } = await openCache(url, 10_000);
  const heap: number[] = [];
  let done = 0;
  for (let tenth = 1; tenth <= 10; tenth++) {
    const end = Math.round((operations / 10) * tenth);
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (done < end) {
          const key = `worn:${Math.floor(done / readsPerKey)}`;
          for (let read = 0; read < readsPerKey; read++) await cache.wrap(key, () => textOf(done), shortLife);
          done += readsPerKey;
          await nextTurn();
        }
      }),
    );
    heap.push(await used());
  }
  return { bytes: 0, heap, hits: (await cache.stats()).near };
}

async function used(): Promise<number> {
  for (let time = 0; time < 4; time++) {
    await nextTurn();
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
