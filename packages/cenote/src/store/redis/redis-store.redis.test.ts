import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startRedis, type RedisServer } from '../../../../../test/servers/redis.js';
import { count, forget, put } from '../../testing/contract/example-operations.js';
import { storeContract } from '../../testing/store-contract.js';
import { connect } from '../connect.js';

let redis: RedisServer;
beforeAll(async () => void (redis = await startRedis()));
afterAll(() => redis.stop());

describe('the contract of stores', () => {
  const makeStore = () => connect({ url: redis.url, deadline: '5s' });
  test.each(storeContract(makeStore, { makeOther: makeStore }))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

/** How often the server has run each command since the last call. */
async function commandsRun(): Promise<Record<string, number>> {
  const stats = String(await redis.command('INFO', 'commandstats'));
  await redis.command('CONFIG', 'RESETSTAT');
  return Object.fromEntries(
    [...stats.matchAll(/cmdstat_([\w|]+):calls=(\d+)/g)].map(([, name = '', calls]) => [name, Number(calls)]),
  );
}

test('each call is one command', async () => {
  const store = connect(redis.url);
  await store.health();
  await store.run(put, { key: 'k', value: 'v' });
  await commandsRun();
  await store.readOne('k');
  await store.read(['k', 'a', 'b']);
  await store.run(put, { key: 'k', value: 'v' });
  await store.delete(['k', 'a']);
  const { get, mget, evalsha, set, unlink, ...others } = await commandsRun();
  expect({ get, mget, evalsha, set, unlink }).toEqual({ get: 1, mget: 1, evalsha: 1, set: 1, unlink: 1 });
  expect(others['eval'] ?? others['script'] ?? 0).toBe(0);
  await store.close();
});

describe('single reads of one moment', () => {
  test('travel as one command, at most 32 of them', async () => {
    const store = connect(redis.url);
    await store.health();
    await store.run(put, { key: 'k', value: 'v' });
    await commandsRun();
    const found = await Promise.all(
      Array.from({ length: 250 }, (_, index) => store.readOne(index % 2 ? 'k' : 'nothing')),
    );
    expect(found).toEqual(Array.from({ length: 250 }, (_, index) => (index % 2 ? Buffer.from('v') : null)));
    const { get, mget } = await commandsRun();
    expect({ get, mget }).toEqual({ get: undefined, mget: 8 });
    await store.close();
  });

  test('keep their place among other commands', async () => {
    const store = connect(redis.url);
    await store.health();
    await store.run(put, { key: 'k', value: 'old' });
    const calls = [
      store.readOne('k'),
      store.readOne('k'),
      store.run(put, { key: 'k', value: 'new' }),
      store.readOne('k'),
    ];
    expect((await Promise.all(calls)).map(String)).toEqual(['old', 'old', 'undefined', 'new']);
    await store.close();
  });

  test('are each null where the key holds no text', async () => {
    const store = connect(redis.url);
    await store.health();
    await redis.command('RPUSH', 'list', 'x');
    expect(await store.readOne('list')).toBeNull();
    expect(await Promise.all([store.readOne('list'), store.readOne('list')])).toEqual([null, null]);
    await store.close();
  });
});

test('the first calls wait for the connection, in their order', async () => {
  const store = connect({ url: redis.url, deadline: '5s' });
  const calls = [store.run(put, { key: 'first', value: 'v' }), store.readOne('first'), store.delete(['first'])];
  expect(store.epoch).toBeUndefined();
  await store.ready();
  expect(store.epoch).toBeDefined();
  expect(await Promise.all(calls)).toEqual([undefined, Buffer.from('v'), 1]);
  await store.close();
});

test('many keys are removed in several commands', async () => {
  const store = connect(redis.url);
  await store.health();
  const keys = Array.from({ length: 2_500 }, (_, i) => `many:${i}`);
  await Promise.all(keys.map((key) => store.run(put, { key, value: 'v' })));
  await commandsRun();
  expect(await store.delete(keys)).toBe(2_500);
  expect((await commandsRun())['unlink']).toBe(3);
  await store.close();
});

test('many calls may follow one signal without a warning of a leak', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', note);
  const store = connect(redis.url);
  await store.health();
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 50 }, () => store.readOne('k', { signal })));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  expect(warnings).toEqual([]);
  await store.close();
});

test('the server decides the time', async () => {
  const skewed = {
    now: () => 5_000,
    monotonic: () => performance.now(),
    after: (ms: number, run: () => void) => {
      const timer = setTimeout(run, ms).unref();
      return () => clearTimeout(timer);
    },
  };
  const store = connect({ url: redis.url, clock: skewed });
  expect(Math.abs(store.now() - 5_000)).toBeLessThan(1_000);
  await store.health();
  expect(Math.abs(store.now() - Date.now())).toBeLessThan(50);
  await store.close();
});

describe('a ready client', () => {
  test('is a template: its server, user and database are used, it is neither changed, used nor closed', async () => {
    await redis.command('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '+@all');
    const client = createClient({ url: `redis://app:secret@127.0.0.1:${redis.port}/2`, name: 'mine' });
    client.on('error', () => {});
    const options = JSON.stringify(client.options);
    const store = connect(client);
    expect(await store.health()).toMatchObject({ status: 'ok', address: `127.0.0.1:${redis.port}/2` });
    await store.run(put, { key: 'k', value: Buffer.from([255]) });
    expect(await store.readOne('k')).toEqual(Buffer.from([255]));
    expect(client.isOpen).toBe(false);
    await client.connect();
    expect(await client.exists('k')).toBe(1);
    expect(String(await redis.command('CLIENT', 'LIST'))).toMatch(/name=mine.* db=2 .*user=app .*resp=3/);
    await store.close();
    expect(client.isReady).toBe(true);
    expect(JSON.stringify(client.options)).toBe(options);
    expect(client.listenerCount('error')).toBe(1);
    await client.close();
  });

  test('may have been made from socket options, RESP 2 and an offline queue', async () => {
    const client = createClient({
      socket: { host: '127.0.0.1', port: redis.port, reconnectStrategy: 5 },
      RESP: 2,
      commandOptions: { timeout: 1 },
    });
    const store = connect({ client, deadline: '1s' });
    await store.health();
    expect(await store.run(count, 'resp2')).toBe(1);
    expect(await store.run(forget, 'resp2')).toBe(true);
    await store.close();
  });
});

describe('close', () => {
  test('lets calls in flight end', async () => {
    const store = connect(redis.url);
    await store.health();
    const calls = Array.from({ length: 100 }, () => store.run(count, 'closing'));
    await store.close();
    expect((await Promise.all(calls)).at(-1)).toBe(100);
    expect(await redis.command('CLIENT', 'LIST')).not.toContain('lib-name=cenote');
  });

  test.each([
    ['the server is there', () => redis.url],
    ['the server is away', () => 'redis://127.0.0.1:1'],
  ])('leaves nothing that keeps a process running when %s', async (_, url) => {
    const program = `
      import { connect } from ${JSON.stringify(new URL('../connect.ts', import.meta.url).href)};
      const store = connect(${JSON.stringify(url())});
      await store.health();
      await store.readOne('k').catch(() => {});
      await store.close();
      const closed = performance.now();
      process.on('exit', () => console.log(Math.round(performance.now() - closed)));`;
    const cwd = fileURLToPath(new URL('../../../../..', import.meta.url));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', program],
      { cwd, timeout: 20_000 },
    );
    expect(Number(stdout)).toBeLessThan(100);
  });

  test('while the first connection is being made, leaves none', async () => {
    const before = await connections();
    for (const pause of [0, 0, 1, 2, 3, 5]) {
      const store = connect({ url: redis.url });
      await new Promise((resolve) => (pause === 0 ? setImmediate(resolve) : setTimeout(resolve, pause)));
      await store.close();
      expect(store.epoch).toBeUndefined();
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await connections()).toBe(before);
  });

  test('while the handshake gets no answer, ends the connection at once', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) =>
      sockets.add(
        socket
          .on('error', () => {})
          .on('close', () => sockets.delete(socket))
          .resume(),
      ),
    );
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const store = connect(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await once(silent, 'connection');
    await store.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sockets.size).toBe(0);
    silent.close();
  });
});

async function connections(): Promise<number> {
  return String(await redis.command('CLIENT', 'LIST'))
    .trim()
    .split('\n').length;
}
