import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { Cache } from '../index.js';
import { cenote, traceEvents } from './index.js';

async function serve(options = {}) {
  const cache = new Cache({ prefix: 'app', onEvent: traceEvents, grace: '1m', jitter: 0 });
  const app = Fastify({ forceCloseConnections: true });
  await app.register(cenote, { caches: [cache], ...options });
  app.get('/value', async () => ({ value: await cache.wrap('value', () => 1, '5m') }));
  app.get('/two', async () => ({
    one: await cache.wrap('value', () => 1),
    two: await cache.wrap(`new:${Math.random()}`, () => 2),
  }));
  app.get('/plain', async () => ({ plain: true }));
  app.post('/value', async () => ({ value: await cache.get('value') }));
  app.get('/slow', async (request) => ({
    value: await cache.wrap('slow', ({ signal }) => never(signal), { signal: request.signal }),
  }));
  return { app, cache };
}

function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}

describe('the Fastify plugin', () => {
  test('says miss, then hit, and nothing where no cache was asked', async () => {
    const { app } = await serve();
    expect((await app.inject('/value')).headers['x-cache']).toBe('miss');
    expect((await app.inject('/value')).headers['x-cache']).toBe('hit');
    expect((await app.inject('/plain')).headers['x-cache']).toBeUndefined();
  });

  test('one miss among hits is a miss; a request with a body is traced too', async () => {
    const { app } = await serve();
    await app.inject('/value');
    expect((await app.inject('/two')).headers['x-cache']).toBe('miss');
    expect((await app.inject({ method: 'POST', url: '/value', payload: { any: 'body' } })).headers['x-cache']).toBe(
      'hit',
    );
  });

  test('keeps the requests of one moment apart', async () => {
    const { app } = await serve();
    await app.inject('/value');
    const [hit, miss] = await Promise.all([app.inject('/value'), app.inject('/two')]);
    expect([hit.headers['x-cache'], miss.headers['x-cache']]).toEqual(['hit', 'miss']);
  });

  test('reports health of its caches', async () => {
    const { app } = await serve();
    const { status, caches } = (await app.inject('/health')).json<{ status: string; caches: { name: string }[] }>();
    expect([status, caches.map(({ name }) => name)]).toEqual(['ok', ['app']]);
  });

  test('routes and headers can be renamed or left out, and mistakes are named', async () => {
    const { app } = await serve({ health: false, header: 'X-From' });
    expect((await app.inject('/health')).statusCode).toBe(404);
    expect((await app.inject('/value')).headers['x-from']).toBe('miss');
    await expect(serve({ header: 'not a header' })).rejects.toThrow(
      'options.header must be the name of a header, or false, got "not a header"',
    );
  });

  test('a client that goes away cancels its load', async () => {
    const { app, cache } = await serve();
    const address = await app.listen({ port: 0, host: '127.0.0.1' });
    const controller = new AbortController();
    const request = fetch(`${address}/slow`, { signal: controller.signal }).catch((error: unknown) => error);
    await expect.poll(async () => (await cache.stats()).misses).toBe(1);
    controller.abort();
    expect(await request).toBeInstanceOf(DOMException);
    await expect.poll(async () => (await cache.stats()).loads).toBe(1);
    await app.close();
  });
});
