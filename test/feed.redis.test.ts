/** Memory in front of Redis, when the connection that tells of changes fails while another process invalidates. */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';

import { Cache, connect, glob } from 'cenote';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';

import { until } from './faults.fixture.js';
import { forkProgram } from './servers/program.js';
import { startRedis, type RedisServer } from './servers/redis.js';
import { TcpProxy } from './servers/tcp-proxy.js';
import { stale, Truth, warm, type Read } from './truth.fixture.js';
import type { Invalidations } from './writer.fixture.js';
import { arrangements } from './thorough.js';

/** How many rows the other process invalidates in each way. */
const many = 100;
const ways = ['del', 'tag', 'pattern'] as const;
const rowsOf = (way: (typeof ways)[number]): string[] => Array.from({ length: many }, (_, row) => `${way}:${row}`);
const tagOf = (key: string): string => `of ${key}`;
const all = ways.flatMap(rowsOf);

const prefix = 'feed';
const bound = 1_000;

let redis: RedisServer;
let network: TcpProxy;
let writer: ChildProcess;

beforeAll(async () => {
  redis = await startRedis();
  network = await TcpProxy.start({ port: redis.port });
  writer = forkProgram(new URL('writer.fixture.ts', import.meta.url), { args: [redis.url, prefix] });
  await once(writer, 'message');
});
beforeEach(() => redis.command('FLUSHALL'));
afterEach(() => network.pass());
afterAll(async () => {
  writer.kill('SIGKILL');
  await network.close();
  await redis.stop();
});

async function invalidateAll(truth: Truth): Promise<void> {
  truth.commit(all);
  const done = once(writer, 'message');
  const asked: Invalidations = { keys: rowsOf('del'), tags: rowsOf('tag').map(tagOf), pattern: glob`pattern:*` };
  writer.send(asked);
  await done;
}

/** Ends the connection that is told of changes, and no other. */
async function killTracking(): Promise<void> {
  const clients = String(await redis.command('CLIENT', 'LIST')).split('\n');
  const tracking = clients
    .filter((line) => / flags=\w*t/.test(line))
    .map((line) => / addr=(\S+)/.exec(line)?.[1] ?? '');
  expect(tracking).toHaveLength(1);
  await redis.command('CLIENT', 'KILL', 'ADDR', tracking[0] as string);
}

describe.each(arrangements(['default', 'broadcast'] as const))('with %s tracking', (tracking) => {
  test.each<[string, boolean, () => unknown]>([
    ['cut', false, () => network.cut()],
    ['refused', false, () => network.refuse()],
    ['killed by the server', false, killTracking],
    ['black-holed', true, () => network.blackhole()],
    ['black-holed on the way back', true, () => network.blackhole('down')],
  ])('%s: nothing stale beyond the bound, nor once it is back', async (_, isSilent, fail) => {
    const truth = new Truth();
    const store = connect({ url: `redis://127.0.0.1:${network.port}`, deadline: 100, breaker: { cooldown: 100 } });
    onTestFinished(() => store.close());
    const cache = new Cache({ store, prefix, ttl: '10m', near: { bound, tracking } });
    const read: Read = (key) => cache.wrap(key, () => truth.load(key), { tags: [tagOf(key)] });
    const isHeld = async (): Promise<boolean> => {
      const before = (await cache.stats()).near;
      await Promise.all(all.map(read));
      return (await cache.stats()).near - before === all.length;
    };
    await warm(truth, all, read);
    await until('all rows are held in memory', isHeld);

    const failedAt = performance.now();
    await fail();
    await invalidateAll(truth);
    const changedAt = performance.now();
    let within = 0;
    let beyond = 0;
    while (performance.now() - changedAt < 1.5 * bound) {
      const seen = all.map(async (key) => {
        const age = performance.now() - changedAt;
        if ((await read(key)) === truth.version(key)) return;
        if (age > bound) beyond++;
        else within++;
      });
      await Promise.all(seen);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(beyond, `stale of those read later than ${bound} ms`).toBe(0);
    // Nobody can know of a silent network at once: without, this would prove nothing.
    const isProof = !isSilent || within > 0 || changedAt - failedAt > bound / 2;
    expect(isProof, 'a silent network hides what happens').toBe(true);

    await network.pass();
    expect(await stale(truth, all, read), 'stale once the network is back').toBe(0);
    await until('all rows are held in memory again', isHeld);
    expect(await stale(truth, all, read), 'stale among what is held again').toBe(0);
  });
});
