import { existsSync } from 'node:fs';

import { createClient } from '@redis/client';
import { expect, test } from 'vitest';

import { startRedis, testRedis } from './redis.js';

test('a server answers, is killed, comes back on its port without its data, and leaves nothing', async () => {
  const server = await startRedis();
  expect(await server.command('SET', 'a', '1')).toBe('OK');
  const { pid, port, dir } = server;

  await server.kill('SIGKILL');
  expect(server.pid).toBe(0);
  await expect(server.command('PING')).rejects.toThrow(/ECONNREFUSED/);

  await server.restart();
  expect(server.pid).not.toBe(pid);
  expect(server.port).toBe(port);
  expect(await server.command('GET', 'a')).toBeNull();

  await server.stop();
  expect(existsSync(dir)).toBe(false);
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});

test('data survives a restart when the arguments ask for it', async () => {
  const server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  await server.command('SET', 'a', '1');
  await server.kill();
  await server.restart();
  expect(await server.command('GET', 'a')).toBe('1');
  await server.stop();
});

test('a paused server keeps its connections and answers after it is resumed', async () => {
  const server = await startRedis();
  const client = createClient({ url: server.url });
  await client.connect();
  server.pause();
  let answered = false;
  const reply = client.ping().then((pong) => {
    answered = true;
    return pong;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(answered).toBe(false);
  server.resume();
  expect(await reply).toBe('PONG');
  client.destroy();
  server.pause();
  await server.stop();
});

test('a server that cannot start says why', async () => {
  await expect(startRedis({ args: ['--no-such-option', 'yes'] })).rejects.toThrow(/Bad directive/);
});

test('each caller of a shared Redis has a prefix of its own', async () => {
  const [one, two] = [await testRedis(), await testRedis()];
  expect(one.prefix).not.toBe(two.prefix);
  await Promise.all([one.stop(), two.stop()]);
});
