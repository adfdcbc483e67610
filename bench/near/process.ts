import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Outcome } from '../runner.js';
import { everyReader, type ReaderName } from './index.js';
import { keyCount, smallValue } from './subject.js';

/** One measured stretch of reads, all of them hits. */
export interface NearStretch {
  /** How many keys are read, at random. */
  readonly keys: number;
  /** Reads in one turn of the event loop. */
  readonly perTurn: number;
  readonly milliseconds: number;
}

/** Random numbers of keys, the same for all, drawn before measuring. */
const draws = 2 ** 16;

const [name, url] = process.argv.slice(2) as [ReaderName, string];
let loads = 0;
const open = await everyReader[name].open();
const subject = await open(url, async (key) => {
  loads++;
  return smallValue(Number(key.slice(key.lastIndexOf(':') + 1)));
});
if (loads > keyCount) throw new Error(`${name} loaded ${loads} values for ${keyCount} keys`);

process.on('message', (stretch: NearStretch) => void run(stretch).then((outcome) => process.send?.(outcome)));
process.once('disconnect', () => {
  void Promise.resolve(subject.close?.()).finally(() => process.exit());
});
process.send?.('ready');

async function run({ keys, perTurn, milliseconds }: NearStretch): Promise<Outcome> {
  const order = drawn(keys);
  loads = 0;
  let operations = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  let now = start;
  while (now - start < milliseconds) {
    const from = operations % draws;
    const sum = name === 'Map.get alone' ? readAll(order, from, perTurn) : await awaitAll(order, from, perTurn);
    if (Number.isNaN(sum)) throw new Error(`${name} gave something else than was put in`);
    operations += perTurn;
    await nextTurn();
    now = performance.now();
  }
  const seconds = (now - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { operations, perSecond: operations / seconds, cpu: (user + system) / operations, loads };
}

async function awaitAll(order: Uint16Array, from: number, count: number): Promise<number> {
  let sum = 0;
  for (let at = from; at < from + count; at++) {
    const value = (await subject.read(order[at % draws] as number)) as { id: number };
    sum += value.id;
  }
  return sum;
}

function readAll(order: Uint16Array, from: number, count: number): number {
  let sum = 0;
  for (let at = from; at < from + count; at++) sum += (subject.read(order[at % draws] as number) as { id: number }).id;
  return sum;
}

function drawn(keys: number): Uint16Array {
  let state = 1;
  return Uint16Array.from({ length: draws }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return Math.floor(((state >>> 0) / 2 ** 32) * keys);
  });
}
