import { LoadTimeoutError } from 'cenote';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { ApiError, errorCodes, type ErrorCode } from './errors.js';
import { createFastify, type App } from './fastify.js';

describe('every answer that is no success has one shape', () => {
  let app: App;

  beforeAll(async () => {
    app = createFastify(false);
    app.post(
      '/echo',
      { schema: { body: z.strictObject({ name: z.string(), inner: z.object({ n: z.int() }).optional() }) } },
      (request) => request.body,
    );
    app.get('/throw/:code', (request) => {
      throw new ApiError((request.params as { code: ErrorCode }).code, 'said so', { field: 'f', retryAfter: 3 });
    });
    app.get('/bug', () => {
      throw new Error('password=hunter2');
    });
    app.get('/strange', () => {
      throw 'a text'; // oxlint-disable-line typescript/only-throw-error -- A dependency may do so.
    });
    app.get('/mistyped', { schema: { response: { 200: z.object({ n: z.int() }) } } }, () => ({ n: 'one' }) as never);
    app.get('/slow', { handlerTimeout: 20 }, () => new Promise(() => {}));
    app.get('/load', () => {
      throw new LoadTimeoutError('key', 10);
    });
    app.get('/talkative', { schema: { response: { 200: z.object({ n: z.int() }) } } }, () => ({ n: 1, secret: 'x' }));
    await app.ready();
  });

  afterAll(() => app.close());

  test.each(Object.keys(errorCodes) as ErrorCode[])('%s has its status', async (code) => {
    const answer = await app.inject(`/throw/${code}`);
    expect([answer.statusCode, answer.json(), answer.headers['retry-after']]).toEqual([
      errorCodes[code].status,
      { error: { code, message: 'said so', field: 'f' } },
      '3',
    ]);
  });

  const bodies: [what: string, payload: string | Buffer, type: string, status: number, code: string, field: string][] =
    [
      ['no JSON', '{"name":', 'application/json', 400, 'INVALID', 'body'],
      ['nothing', '', 'application/json', 400, 'INVALID', 'body'],
      ['null', 'null', 'application/json', 400, 'INVALID', 'body'],
      ['a prototype', '{"name":"a","__proto__":{"admin":true}}', 'application/json', 400, 'INVALID', 'body'],
      ['another type', 'name=a', 'application/x-www-form-urlencoded', 415, 'UNSUPPORTED', 'body'],
      ['too much', JSON.stringify({ name: 'x'.repeat(70_000) }), 'application/json', 413, 'TOO_LARGE', 'body'],
      ['a number for a text', '{"name":1}', 'application/json', 400, 'INVALID', 'name'],
      ['a field too many', '{"name":"a","extra":1}', 'application/json', 400, 'INVALID', 'extra'],
      ['a mistake within', '{"name":"a","inner":{"n":0.5}}', 'application/json', 400, 'INVALID', 'inner.n'],
    ];
  test.each(bodies)('a body of %s', async (_what, payload, type, status, code, field) => {
    const answer = await app.inject({ method: 'POST', url: '/echo', payload, headers: { 'content-type': type } });
    expect([answer.statusCode, answer.json<{ error: object }>().error]).toEqual([
      status,
      { code, field, message: expect.any(String) as string },
    ]);
  });

  test('a fault of this side keeps its words to itself', async () => {
    for (const url of ['/bug', '/strange', '/mistyped']) {
      const answer = await app.inject(url);
      expect([answer.statusCode, answer.json()]).toEqual([
        500,
        { error: { code: 'INTERNAL', message: 'something went wrong on this side' } },
      ]);
    }
  });

  test('what takes too long is a 503 that says when to come back', async () => {
    for (const url of ['/slow', '/load']) {
      const answer = await app.inject(url);
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '2']);
      expect(answer.json()).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    }
  });

  test('an answer holds what its schema names, and no more', async () => {
    expect((await app.inject('/talkative')).json()).toEqual({ n: 1 });
  });

  test('a route that is not there, a URL that cannot be read', async () => {
    const missing = await app.inject('/nowhere?x=1');
    expect([missing.statusCode, missing.json()]).toEqual([
      404,
      { error: { code: 'NOT_FOUND', message: 'there is no GET /nowhere' } },
    ]);
    const unreadable = await app.inject('/%zz');
    expect([unreadable.statusCode, unreadable.json<{ error: object }>().error]).toMatchObject([
      400,
      { code: 'INVALID', field: 'url' },
    ]);
  });
});
