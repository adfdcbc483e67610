import { setTimeout as sleep } from 'node:timers/promises';

import type { Outcome, Stretch } from './runner.js';
import { subjects, type SubjectName } from './subjects/index.js';
import { valueOf } from './values.js';

/** The other side of `runner.ts`: opens the subject that the command line names, then runs what it is told to. */
const [name, url] = process.argv.slice(2) as [SubjectName, string];
let loads = 0;
let loadTime = 0;
let fresh = 0;
const { open } = await subjects[name]();
const subject = await open(url, async (key) => {
  loads++;
  if (loadTime > 0) await sleep(loadTime);
  return valueOf(key);
});

process.on('message', (stretch: Stretch) => void run(stretch).then((outcome) => process.send?.(outcome)));
process.once('disconnect', () => void subject.close().finally(() => process.exit()));
process.send?.('ready');

async function run(stretch: Stretch): Promise<Outcome> {
  const { verb, keys, inFlight, milliseconds } = stretch;
  let operations = 0;
  let running = true;
  loads = 0;
  loadTime = stretch.loadTime ?? 0;
  async function caller(): Promise<void> {
    do {
      const key = keys[operations % keys.length] as string;
      operations++;
      const value = await subject[verb](stretch.fresh ? `${key}:${process.pid}:${fresh++}` : key);
      if (typeof value !== 'object') throw new Error(`${name} has no value under ${key}`);
    } while (running);
  }
  const start = performance.now();
  const cpu = process.cpuUsage();
  if (milliseconds > 0) setTimeout(() => (running = false), milliseconds);
  else running = false;
  await Promise.all(Array.from({ length: inFlight }, caller));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { operations, perSecond: operations / seconds, cpu: (user + system) / operations, loads };
}
