import { connect } from 'cenote';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startApp, type RunningApp } from './app.fixture.js';
import { openEmbedded } from './db/embedded.js';

let running: RunningApp;

beforeAll(async () => {
  running = await startApp(await openEmbedded(), connect('memory:'), { production: true });
}, 60_000);

afterAll(() => running.close());

test('the documentation names every route, and each of its answers', async () => {
  const { body } = await running.get('/docs/json');
  const routes = Object.entries(body.paths as Record<string, Record<string, { responses: object }>>).flatMap(
    ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(routes.sort()).toEqual([
    'GET /api/config',
    'GET /api/events',
    'GET /api/events/{id}',
    'GET /api/experiences',
    'GET /api/experiences/{id}',
    'GET /api/experiences/{id}/slots',
    'GET /api/gamification/badges',
    'GET /api/gamification/leaderboard',
    'GET /api/users/{userId}/badges',
    'GET /api/users/{userId}/rank',
    'GET /api/users/{userId}/rsvps',
    'GET /api/users/{userId}/stats',
    'GET /health',
    'GET /ready',
    'POST /api/events/{id}/rsvp',
    'POST /api/experiences/{id}/bookings',
    'POST /api/gamification/check-in',
  ]);
  const { responses } = body.paths['/api/experiences/{id}/bookings'].post;
  expect(Object.keys(responses)).toEqual(['201', '4XX', '5XX']);
  expect((await running.get('/docs')).status).toBe(200);
});

test('the first page has links, three commands to paste, and nothing from elsewhere', async () => {
  const { text, headers } = await running.send({ url: '/', headers: { host: 'here.example:8080' } });
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(text.match(/<pre>curl [^<]*http:\/\/here\.example:8080\//g)).toHaveLength(3);
  for (const path of ['/docs', '/health']) expect(text).toContain(`href="${path}"`);
  expect(text).not.toMatch(/<script|<link|<img|@import|url\(/);
});

test('the first page does not carry what a client claims to be its host', async () => {
  const { text } = await running.send({ url: '/', headers: { host: '"><script>alert(1)</script>' } });
  expect(text).not.toContain('<script>');
});

test('health tells what is embedded, and counts no workers where none run', async () => {
  const { status, body } = await running.get('/health');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: 'healthy',
    database: 'embedded',
    redis: 'embedded',
    workers: { tasks_processed: 0, tasks_failed: 0, active_workers: 0 },
    detail: { redis: { warnings: [] } },
  });
  expect((await running.get('/ready')).body).toEqual({ ready: true });
});

const personal = [
  'GET /api/gamification/badges',
  'GET /api/gamification/leaderboard',
  'GET /api/users/1/badges',
  'GET /api/users/1/stats',
  'GET /api/users/1/rank',
  'GET /api/users/1/rsvps',
  'POST /api/gamification/check-in',
  'POST /api/experiences/1/bookings',
  'POST /api/events/1/rsvp',
];
test.each(personal)('without a demo user %s needs a token', async (route) => {
  const [method, url] = route.split(' ') as ['GET' | 'POST', string];
  const { status, body, headers } = await running.send({ method, url });
  expect([status, body.error.code, headers['www-authenticate']]).toEqual([401, 'UNAUTHENTICATED', 'Bearer']);
  expect((await (method === 'GET' ? running.get(url, 1) : running.post(url, {}, 1))).status).not.toBe(401);
});

test.each([
  '/api/experiences',
  '/api/experiences/1',
  '/api/experiences/1/slots',
  '/api/events',
  '/api/events/1',
  '/api/config',
])('%s is for everybody', async (url) => {
  expect((await running.get(url)).status).toBe(200);
});
