import { afterEach, describe, expect, onTestFinished, test } from 'vitest';

import { startRedis, type RedisServer } from '../../../../../test/servers/redis.js';
import { TcpProxy } from '../../../../../test/servers/tcp-proxy.js';
import { count, forget, put } from '../../testing/contract/example-operations.js';
import { connect, type ConnectOptions } from '../connect.js';
import type { Store } from '../store.js';

const deadline = 100;
/** Two ticks of the deadline's timer, and what a busy machine adds. */
const slack = 100;

let ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.toReversed()) await end();
  ended = [];
});

async function server(...args: string[]): Promise<RedisServer> {
  const redis = await startRedis({ args });
  ended.push(() => redis.stop());
  return redis;
}

function open(url: string, options: ConnectOptions = {}): Store & { states: string[] } {
  const store = connect({ url, deadline, ...options });
  ended.push(() => store.close());
  const states: string[] = [];
  store.onState((state) => states.push(state));
  return Object.assign(store, { states });
}

async function outcome(call: Promise<unknown>): Promise<{ code: string; ms: number }> {
  const started = performance.now();
  const code = await call.then(
    () => 'ok',
    (error: { code: string }) => error.code,
  );
  return { code, ms: performance.now() - started };
}

async function until(what: string, condition: () => boolean | Promise<boolean>, patience = 10_000): Promise<void> {
  const started = performance.now();
  while (!(await condition())) {
    if (performance.now() - started > patience) throw new Error(`not within ${patience} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const up = (store: Store): Promise<void> => until('the store is up', () => store.epoch !== undefined);

describe('a server that is not there', () => {
  test('is no error of connect: calls fail at once, until it is there', async () => {
    const redis = await server();
    await redis.kill();
    const store = open(redis.url);
    expect(await store.health()).toMatchObject({ status: 'down', warnings: [expect.stringContaining('ECONNREFUSED')] });
    const calls = [
      store.readOne('k'),
      store.read(['k']),
      store.run(put, { key: 'k', value: 'v' }),
      store.run(forget, 'k'),
      store.delete(['k']),
      store.expiry('k'),
      store.scan('*')[Symbol.asyncIterator]().next(),
    ];
    for (const call of calls) {
      const { code, ms } = await outcome(call);
      expect(code).toBe('STORE_UNAVAILABLE');
      expect(ms).toBeLessThan(20);
    }
    await redis.start();
    await up(store);
    await store.run(put, { key: 'k', value: 'v' });
    expect(store.states).toEqual(['up']);
  });

  test('rejects what was in flight when it was killed', async () => {
    const redis = await server();
    const store = open(redis.url, { deadline: '30s' });
    await up(store);
    redis.pause();
    const inFlight = Array.from({ length: 20 }, (_, i) => outcome(store.readOne(`k${i}`)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await redis.kill();
    for (const { code, ms } of await Promise.all(inFlight)) {
      expect(code).toBe('STORE_UNAVAILABLE');
      expect(ms).toBeLessThan(5_000);
    }
    expect(store.epoch).toBeUndefined();
  });
});

describe('a frozen server', () => {
  test('costs each call its deadline at most; then the breaker spares the guarded ones, not what invalidates', async () => {
    const redis = await server();
    const store = open(redis.url, { breaker: { failures: 5, cooldown: '5s' } });
    await up(store);
    redis.pause();
    const frozen = await Promise.all(Array.from({ length: 30 }, () => outcome(store.readOne('k'))));
    for (const { code, ms } of frozen) {
      expect(code).toBe('STORE_TIMEOUT');
      // Deadlines are counted in ticks of 10 ms.
      expect(ms).toBeGreaterThanOrEqual(deadline - 10);
      expect(ms).toBeLessThan(deadline + slack);
    }
    const spared = await outcome(store.readOne('k'));
    expect(spared.code).toBe('STORE_UNAVAILABLE');
    expect(spared.ms).toBeLessThan(deadline);
    for (const call of [store.run(forget, 'k'), store.delete(['k'])])
      expect((await outcome(call)).code).toBe('STORE_TIMEOUT');
    expect((await store.health()).breaker).toBe('open');
    redis.resume();
    await until('an invalidation gets through', async () => (await outcome(store.delete(['k']))).code === 'ok');
    expect((await outcome(store.readOne('k'))).code).toBe('ok');
    expect((await store.health()).breaker).toBe('closed');
  });

  test('is probed by one call after the cooldown', async () => {
    const redis = await server();
    const store = open(redis.url, { breaker: { failures: 1, cooldown: '200ms' } });
    await up(store);
    redis.pause();
    await outcome(store.readOne('k'));
    await new Promise((resolve) => setTimeout(resolve, 250));
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => outcome(store.readOne('k'))));
    expect(outcomes.filter(({ code }) => code === 'STORE_TIMEOUT')).toHaveLength(1);
    expect(outcomes.filter(({ code }) => code === 'STORE_UNAVAILABLE')).toHaveLength(9);
    redis.resume();
    await until('a probe closes the breaker', async () => (await outcome(store.readOne('k'))).code === 'ok', 2_000);
  });

  test('is noticed although calls keep being written to it, and reconnected when it is back', async () => {
    const redis = await server();
    const store = open(redis.url, { breaker: { failures: 1_000_000 } });
    await up(store);
    redis.pause();
    const traffic = setInterval(() => void outcome(store.readOne('k')), 20);
    onTestFinished(() => clearInterval(traffic));
    await until('the connection is given up', () => store.epoch === undefined, 6_000);
    redis.resume();
    await up(store);
    expect(store.states).toEqual(['up', 'down', 'up']);
  });

  test('answers late to nobody: a reply after the deadline is dropped', async () => {
    const redis = await server();
    const store = open(redis.url);
    await up(store);
    await store.run(put, { key: 'k', value: 'v' });
    redis.pause();
    expect((await outcome(store.run(put, { key: 'k', value: 'late' }))).code).toBe('STORE_TIMEOUT');
    redis.resume();
    await until('the write takes effect late', async () => String(await store.readOne('k').catch(() => '')) === 'late');
  });

  test('ends a call whose caller gives up before the deadline', async () => {
    const redis = await server();
    const store = open(redis.url, { deadline: '10s' });
    await up(store);
    redis.pause();
    const controller = new AbortController();
    const call = store.readOne('k', { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('no longer wanted')), 20);
    await expect(call).rejects.toThrow('no longer wanted');
    redis.resume();
  });

  test('does not hold up close for longer than the deadline', async () => {
    const redis = await server();
    const store = open(redis.url);
    await up(store);
    redis.pause();
    const call = outcome(store.readOne('k'));
    const started = performance.now();
    await store.close();
    expect(performance.now() - started).toBeLessThan(deadline + slack);
    expect((await call).code).toMatch(/STORE_(TIMEOUT|UNAVAILABLE)/);
    redis.resume();
  });
});

describe('a silent network', () => {
  test('is as a frozen server: deadline, then away, then back', async () => {
    const redis = await server();
    const proxy = await TcpProxy.start({ port: redis.port });
    ended.push(() => proxy.close());
    const store = open(`redis://127.0.0.1:${proxy.port}`);
    await up(store);
    proxy.blackhole();
    const { code, ms } = await outcome(store.readOne('k'));
    expect(code).toBe('STORE_TIMEOUT');
    expect(ms).toBeLessThan(deadline + slack);
    await until('the silence is noticed', () => store.epoch === undefined, 6_000);
    await proxy.pass();
    await up(store);
  });

  test('a connection that is reset is made anew, with the same epoch', async () => {
    const redis = await server();
    const proxy = await TcpProxy.start({ port: redis.port });
    ended.push(() => proxy.close());
    const store = open(`redis://127.0.0.1:${proxy.port}`);
    await up(store);
    const { epoch } = store;
    proxy.cut();
    await until('the loss is noticed', () => store.states.includes('down'));
    await up(store);
    expect(store.epoch).toBe(epoch);
    expect(store.states).toEqual(['up', 'down', 'up']);
  });

  test('sends nothing before the server has said who it is', async () => {
    const redis = await server();
    const sent: string[] = [];
    const proxy = await TcpProxy.start({
      port: redis.port,
      onChunk: (direction, chunk) => direction === 'up' && sent.push(String(chunk)),
    });
    ended.push(() => proxy.close());
    const store = open(`redis://127.0.0.1:${proxy.port}`);
    const asking = setInterval(() => void outcome(store.readOne('asked')), 1);
    onTestFinished(() => clearInterval(asking));
    await up(store);
    await until('a read is sent', () => sent.join('').includes('asked'));
    const all = sent.join('');
    expect(all.indexOf('asked')).toBeGreaterThan(all.indexOf('INFO'));
    expect(sent.findIndex((chunk) => chunk.includes('asked'))).toBeGreaterThan(
      sent.findIndex((chunk) => chunk.includes('INFO')),
    );
  });
});

describe('a server that comes back', () => {
  test('after a restart has another epoch, and is taught the scripts again', async () => {
    const redis = await server();
    const store = open(redis.url);
    await up(store);
    const before = store.epoch;
    expect(await store.run(count, 'n')).toBe(1);
    await redis.restart();
    await until('the restart is noticed', () => store.states.join() === 'up,down,up');
    expect(store.epoch).not.toBe(before);
    expect(await store.run(count, 'n')).toBe(1);
  });

  test('after a restart is trusted at once, though the breaker was open', async () => {
    const redis = await server();
    const store = open(redis.url, { breaker: { failures: 1, cooldown: '1h' } });
    await up(store);
    redis.pause();
    await outcome(store.readOne('k'));
    expect((await outcome(store.readOne('k'))).code).toBe('STORE_UNAVAILABLE');
    await redis.kill();
    await redis.start();
    await up(store);
    expect(await store.readOne('k')).toBeNull();
  });

  test('after SCRIPT FLUSH is taught the scripts again', async () => {
    const redis = await server();
    const store = open(redis.url);
    await up(store);
    await store.run(count, 'n');
    await redis.command('SCRIPT', 'FLUSH');
    expect(await Promise.all([store.run(count, 'n'), store.run(count, 'n')])).toEqual([2, 3]);
  });

  test('after a failover that kept the connection has another epoch within seconds', async () => {
    const redis = await server();
    const store = open(redis.url);
    await up(store);
    const before = store.epoch;
    await redis.command('REPLICAOF', '127.0.0.1', '1');
    await redis.command('REPLICAOF', 'NO', 'ONE');
    await until('the new epoch is noticed', () => store.epoch !== undefined && store.epoch !== before, 5_000);
    expect(store.states).toEqual(['up', 'down', 'up']);
  });

  test('counts as away while it still reads its data', async () => {
    const redis = await server('--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024');
    for (let i = 0; i < 20; i++)
      await redis.command(
        'EVAL',
        `for i = 1, 200 do redis.call('SET', KEYS[1] .. i, string.rep('x', 100)) end`,
        '1',
        `k${i}:`,
      );
    await redis.command('SAVE');
    await redis.kill();
    const store = open(redis.url);
    const times: Record<string, number> = {};
    store.onState((state) => (times[state] = performance.now()));
    const started = redis.start().then(() => (times['loaded'] = performance.now()));
    await until('it answers that it is loading', async () =>
      /LOADING|loading:1/.test(String(await redis.command('INFO', 'persistence').catch(String))),
    );
    expect(store.epoch).toBeUndefined();
    await started;
    await up(store);
    expect(times['up']! - times['loaded']!).toBeGreaterThan(-100);
    expect(await store.readOne('k1:1')).not.toBeNull();
  });
});

describe('a server that refuses', () => {
  test('writes when its memory is full: what removes goes through', async () => {
    const redis = await server('--maxmemory-policy', 'noeviction');
    const store = open(redis.url, { breaker: { failures: 1 } });
    await up(store);
    await store.run(put, { key: 'a', value: 'v' });
    await store.run(put, { key: 'b', value: 'v' });
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    expect((await outcome(store.run(put, { key: 'k', value: 'v' }))).code).toBe('STORE_REFUSED');
    expect(await store.health()).toMatchObject({
      status: 'degraded',
      breaker: 'closed',
      evictionPolicy: 'noeviction',
      warnings: [expect.stringContaining('maxmemory')],
    });
    expect(String(await store.readOne('a'))).toBe('v');
    expect(await store.run(forget, 'a')).toBe(true);
    expect(await store.delete(['b'])).toBe(1);
  });

  test('writes because it is a replica: says so', async () => {
    const redis = await server();
    const store = open(redis.url, { breaker: { failures: 1 } });
    await up(store);
    await redis.command('REPLICAOF', '127.0.0.1', '1');
    await expect(store.run(put, { key: 'k', value: 'v' })).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      cause: expect.objectContaining({ message: expect.stringContaining('READONLY') }) as Error,
    });
    expect(await store.readOne('k')).toBeNull();
    expect(await store.health()).toMatchObject({
      status: 'degraded',
      breaker: 'closed',
      warnings: [expect.stringContaining('replica')],
    });
  });

  test('everything while a script runs: it stays who it is, and connected', async () => {
    const redis = await server('--lua-time-limit', '50');
    const store = open(redis.url);
    await up(store);
    const { epoch } = store;
    const busy = redis.command('EVAL', 'while true do end', '0').catch(() => {});
    await until('the server is busy', async () => (await outcome(store.readOne('k'))).code === 'STORE_REFUSED');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect((await outcome(store.readOne('k'))).code).toBe('STORE_REFUSED');
    await redis.command('SCRIPT', 'KILL');
    await busy;
    await store.readOne('k');
    expect([store.epoch, store.states]).toEqual([epoch, ['up']]);
  });

  test('a wrong password: stays away, tells why, and never the password', async () => {
    const redis = await server('--requirepass', 'right');
    for (const url of [`redis://:wr0ng-secret@127.0.0.1:${redis.port}`, redis.url]) {
      const store = open(url);
      const health = await store.health();
      expect(health).toMatchObject({ status: 'down', address: `127.0.0.1:${redis.port}/0` });
      expect(health.warnings.join()).toMatch(/WRONGPASS|NOAUTH/);
      const error = await store.readOne('k').catch((caught: Error) => caught);
      expect(JSON.stringify([health, String(error), String((error as Error).cause)])).not.toContain('wr0ng-secret');
    }
    const right = open(`redis://:right@127.0.0.1:${redis.port}/3`);
    expect((await right.health()).status).toBe('ok');
  });

  test('a key outside the ACL of its user spoils no other read of the same moment', async () => {
    const redis = await server();
    await redis.command('SET', 'app:k', 'v');
    await redis.command('ACL', 'SETUSER', 'app', 'on', '>secret', '~app:*', '+@all');
    const store = open(`redis://app:secret@127.0.0.1:${redis.port}`);
    await up(store);
    const reads = [store.readOne('app:k'), store.readOne('other'), store.readOne('app:absent')];
    const [known, forbidden, absent] = await Promise.allSettled(reads);
    expect(known).toMatchObject({ value: Buffer.from('v') });
    expect(forbidden).toMatchObject({ reason: { code: 'STORE_REFUSED' } });
    expect(absent).toMatchObject({ value: null });
  });

  test('a key outside the ACL of its user, and INFO: no epoch of its own, and a warning', async () => {
    const redis = await server();
    await redis.command('ACL', 'SETUSER', 'app', 'on', '>p@ss:w/rd', '~app:*', '+@all', '-info', '-time');
    const store = open(`redis://app:${encodeURIComponent('p@ss:w/rd')}@127.0.0.1:${redis.port}`, {
      breaker: { failures: 1 },
    });
    const health = await store.health();
    expect(health.status).toBe('degraded');
    expect(health.warnings).toEqual([expect.stringContaining('INFO'), expect.stringContaining('TIME')]);
    expect(store.epoch).toBe('none');
    expect(Math.abs(store.now() - Date.now())).toBeLessThan(1_000);
    await store.run(put, { key: 'app:k', value: 'v' });
    expect(String(await store.readOne('app:k'))).toBe('v');
    await expect(store.readOne('other')).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect((await store.health()).breaker).toBe('closed');
  });

  test('another type under the key: reads as absent, and can be removed', async () => {
    const redis = await server();
    const store = open(redis.url);
    await up(store);
    await redis.command('RPUSH', 'list', 'x');
    expect(await store.readOne('list')).toBeNull();
    expect(await store.read(['list', 'absent'])).toEqual([null, null]);
    expect(await store.delete(['list'])).toBe(1);
  });
});

test('a burst beyond what may wait is refused, and does no harm', async () => {
  const redis = await server();
  const store = open(redis.url, { deadline: '30s', breaker: { failures: 1_000_000 } });
  await up(store);
  const outcomes = await Promise.all(
    Array.from({ length: 101_000 }, () =>
      store.read(['k']).then(
        () => 'ok',
        (error: { code: string }) => error.code,
      ),
    ),
  );
  expect(new Set(outcomes)).toEqual(new Set(['ok', 'STORE_UNAVAILABLE']));
  expect((await outcome(store.readOne('k'))).code).toBe('ok');
});
