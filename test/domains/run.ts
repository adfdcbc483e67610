/**
 * A torture run of one domain cache: processes at work on one Redis, which is killed and comes back meanwhile, empty or
 * with what an older snapshot held. When all are done and what they kept has been told, it is verified.
 */
import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { connect } from 'cenote';

import { forkProgram } from '../servers/program.js';
import { startRedis, type RedisServer } from '../servers/redis.js';
import { tortureOf, type DomainName } from './all.js';
import type { Share, Word } from './process.js';

export interface TortureOptions {
  readonly domain: DomainName;
  readonly processes: number;
  readonly operations: number;
  /** How often Redis is killed: by turns it comes back with an older snapshot, and empty. */
  readonly restarts: number;
  readonly seed: number;
}

export interface TortureReport extends TortureOptions {
  readonly seconds: number;
  readonly findings: readonly string[];
}

/** Milliseconds for which Redis stays away. */
const absence = 300;

/** Milliseconds in which what was kept is told, once Redis is back and nobody works any more. */
const calm = 1_500;

export async function runTorture(
  options: TortureOptions,
  onProgress: (done: number) => void = () => {},
): Promise<TortureReport> {
  const began = performance.now();
  const { domain, processes, operations, restarts, seed } = options;
  const torture = await tortureOf(domain);
  const redis = await startRedis();
  const children: ChildProcess[] = [];
  try {
    let done = 0;
    const failures: string[] = [];
    const share = Math.ceil(operations / processes);
    const workers = Array.from({ length: processes }, (_, place) => {
      const child = forkProgram(new URL('process.ts', import.meta.url));
      children.push(child);
      const worker = new Worker(child, (count) => onProgress((done += count)), failures);
      worker.begin({ domain, url: redis.url, process: place, processes, operations: share, seed });
      return worker;
    });
    const total = share * processes;
    for (let restart = 1; restart <= restarts; restart++) {
      const at = (total * restart) / (restarts + 1);
      const isOver = (): boolean => failures.length > 0 || workers.every((worker) => worker.isDone);
      await until(() => done >= at - total / (2 * (restarts + 1)) || isOver());
      const isEmpty = restart % 2 === 0;
      if (!isEmpty) await redis.command('SAVE');
      await until(() => done >= at || isOver());
      await restartRedis(redis, isEmpty);
    }
    await until(() => failures.length > 0 || workers.every((worker) => worker.isDone));
    await sleep(calm);
    const reports = failures.length > 0 ? [] : await Promise.all(workers.map((worker) => worker.report()));
    const store = connect(redis.url);
    await store.ready({ deadline: 10_000 });
    const findings = failures.length > 0 ? failures : await torture.verify(reports, store);
    await store.close();
    return { ...options, seconds: (performance.now() - began) / 1_000, findings: [...findings] };
  } finally {
    for (const child of children) if (child.connected) child.disconnect();
    await Promise.all(children.map(ended));
    await redis.stop();
  }
}

async function restartRedis(redis: RedisServer, isEmpty: boolean): Promise<void> {
  await redis.kill();
  if (isEmpty) await rm(join(redis.dir, 'dump.rdb'), { force: true });
  await sleep(absence);
  await redis.start();
}

/** The parent's side of one process. */
class Worker {
  isDone = false;
  readonly #child: ChildProcess;
  #left = 0;
  #receive: (report: unknown) => void = () => {};

  constructor(child: ChildProcess, onDone: (operations: number) => void, failures: string[]) {
    this.#child = child;
    child.on('message', (word: Word) => {
      if (word.say === 'failure') failures.push(word.message);
      else if (word.say === 'report') this.#receive(word.report);
      else {
        this.#left -= word.operations;
        this.isDone = this.#left <= 0;
        onDone(word.operations);
      }
    });
    child.on('exit', (code) => {
      if (!this.isDone) failures.push(`a process ended before it was done (${code})`);
    });
  }

  begin(share: Share): void {
    this.#left = share.operations;
    this.#child.send(share);
  }

  report(): Promise<unknown> {
    return new Promise((resolve) => {
      this.#receive = resolve;
      this.#child.send('report');
    });
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

/** A process that does not end by itself when it is let go is ended. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const patience = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await end;
  clearTimeout(patience);
}
