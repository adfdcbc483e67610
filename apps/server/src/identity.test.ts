import { createHmac } from 'node:crypto';

import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';

import { answerError } from './errors.js';
import { callerOf, createIdentity, signToken } from './identity.js';

const secret = 'a secret of these tests, long enough';
const now = () => Math.floor(Date.now() / 1_000);

describe('a bearer token', () => {
  test('names a user', async () => {
    expect(await ask(`Bearer ${await signToken(secret, 7)}`)).toEqual({
      status: 200,
      user: { userId: 7, demo: false },
    });
    expect(await ask(`bearer   ${forged({ sub: '7' })}`)).toMatchObject({ status: 200 });
  });

  const refused: [what: string, header: () => string | Promise<string>][] = [
    ['of another secret', async () => `Bearer ${await signToken('another secret', 7)}`],
    ['that has expired', () => `Bearer ${forged({ sub: '7', exp: now() - 1 })}`],
    ['that is not valid yet', () => `Bearer ${forged({ sub: '7', nbf: now() + 60 })}`],
    ['without a signature', () => `Bearer ${forged({ sub: '7' }, { alg: 'none' }).replace(/[^.]+$/, '')}`],
    ['of another algorithm', () => `Bearer ${forged({ sub: '7' }, { alg: 'HS512' })}`],
    [
      'whose payload was changed',
      () => `Bearer ${forged({ sub: '7' }).replace(/\.[^.]+\./, `.${encoded({ sub: '1' })}.`)}`,
    ],
    ['without a user', () => `Bearer ${forged({})}`],
    ['of a user that cannot be', () => `Bearer ${forged({ sub: '99999999999' })}`],
    ['of a user with another kind of name', () => `Bearer ${forged({ sub: '1 or 1=1' })}`],
    ['that is none', () => 'Bearer x'],
    ['in another scheme', () => 'Basic dXNlcjpwYXNz'],
    ['left out', () => 'Bearer '],
  ];
  test.each(refused)('%s is refused, whoever answers without one', async (_what, header) => {
    for (const demoUserId of [undefined, 1]) {
      const { status, challenge, code } = await ask(await header(), demoUserId);
      expect([status, challenge, code]).toEqual([401, 'Bearer', 'UNAUTHENTICATED']);
    }
  });
});

describe('without a token', () => {
  test('the demo user answers and says so', async () => {
    expect(await ask(undefined, 1)).toEqual({ status: 200, user: { userId: 1, demo: true }, announced: 'demo' });
  });

  test('nobody answers where there is no demo user', async () => {
    expect(await ask(undefined)).toEqual({ status: 401, code: 'UNAUTHENTICATED', challenge: 'Bearer' });
  });
});

test('a route that lacks the hook cannot ask who is calling', () => {
  expect(() => callerOf({ url: '/x' } as Parameters<typeof callerOf>[0])).toThrow(
    '/x asks who the caller is and lacks the identity hook',
  );
});

async function ask(authorization: string | undefined, demoUserId?: number) {
  const app = Fastify();
  app.setErrorHandler(answerError);
  app.get('/', { onRequest: createIdentity({ secret, demoUserId }).required }, (request) => ({
    user: callerOf(request),
  }));
  const { statusCode, headers, body } = await app.inject({
    url: '/',
    headers: authorization === undefined ? {} : { authorization },
  });
  const { user, error } = JSON.parse(body) as { user?: unknown; error?: { code: string } };
  return {
    status: statusCode,
    ...(user !== undefined && { user }),
    ...(error && { code: error.code, challenge: headers['www-authenticate'] }),
    ...(headers['x-cenote-user'] !== undefined && { announced: headers['x-cenote-user'] }),
  };
}

/** Made by hand, so that nothing of the code under test decides what a token is. */
function forged(payload: object, header: object = { alg: 'HS256', typ: 'JWT' }): string {
  const signed = `${encoded(header)}.${encoded(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
