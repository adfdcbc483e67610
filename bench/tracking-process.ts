/** The other side of `tracking.ts`: one process of a fleet, with a cache on each server that it is told of. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Cache, connect } from 'cenote';

import { seeded, zipf, type Random } from './hit-rate/random.js';
import { some } from './near/subject.js';
import { life } from './subjects/subject.js';
import { valueOf } from './values.js';

interface Work {
  /** The server; a cache is made for it at its first work. */
  readonly url: string;
  /** How this cache is told of changes; `undefined` for one without memory tier. */
  readonly tracking: 'default' | 'broadcast' | undefined;
  readonly keys: number;
}

/** Reads each key twice: the first time loads what nobody has stored, the second keeps it in memory. */
export interface Warming extends Work {
  readonly kind: 'warm';
}

/** Operations one after another, on keys drawn by Zipf's law. The same seed gives the same ones. */
export interface Traffic extends Work {
  readonly kind: 'work';
  /** The number of the most popular key; the others follow. */
  readonly first: number;
  readonly operations: number;
  /** Milliseconds from one to the next; what is late is made up for. */
  readonly every: number;
  /** The share of operations that invalidate their key; the others read it through. */
  readonly writes: number;
  readonly seed: number;
}

export interface Done {
  readonly reads: number;
  /** Reads that memory answered. */
  readonly near: number;
  /** Microseconds of this process's CPU for one operation. */
  readonly cpu: number;
}

/** As in YCSB. */
const skew = 0.99;

const caches = new Map<string, Cache>();

process.on('message', (work: Warming | Traffic) => {
  void (work.kind === 'warm' ? warm(work) : run(work)).then((done) => process.send?.(done));
});
process.once('disconnect', () => process.exit());
process.send?.('ready');

async function warm({ keys, ...where }: Warming): Promise<Done> {
  const cache = await cacheOf(where);
  const all = Array.from({ length: keys }, (_, number) => number);
  for (let time = 0; time < 2; time++) await some(all, (number) => read(cache, keyOf(number)));
  return { reads: 2 * keys, near: (await cache.stats()).near, cpu: 0 };
}

async function run({ first, keys, operations, every, writes, seed, ...where }: Traffic): Promise<Done> {
  const cache = await cacheOf(where);
  const { key, isWrite } = draws(first, keys, writes, seeded(seed));
  const before = (await cache.stats()).near;
  let reads = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let done = 0; done < operations; done++) {
    const early = start + done * every - performance.now();
    if (early > 0) await sleep(early);
    if (isWrite()) await cache.del(key(), { strict: true });
    else {
      reads++;
      await read(cache, key());
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  return { reads, near: (await cache.stats()).near - before, cpu: (user + system) / operations };
}

/** Which key is popular is the same for all processes, so they have numbers for ranks. */
function draws(first: number, keys: number, writes: number, random: Random): { key(): string; isWrite(): boolean } {
  const rank = zipf(keys, skew, random);
  return { key: () => keyOf(first + rank()), isWrite: () => random() < writes };
}

async function cacheOf({ url, tracking }: Pick<Work, 'url' | 'tracking'>): Promise<Cache> {
  const known = caches.get(url);
  if (known) return known;
  // Many processes on few cores may well keep a call waiting for the default of 250 ms.
  const store = connect({ url, deadline: '10s' });
  await store.ready();
  const cache = new Cache({ store, prefix: 'bench', ttl: life, near: tracking ? { tracking } : false });
  caches.set(url, cache);
  return cache;
}

function read(cache: Cache, key: string): Promise<unknown> {
  return cache.wrap(key, () => valueOf(key));
}

function keyOf(number: number): string {
  return `200:${number}`;
}
