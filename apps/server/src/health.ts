import type { Cache } from 'cenote';
import { z } from 'zod';

import type { DatabaseHandle } from './db/database.js';
import type { App } from './fastify.js';

const Part = z.enum(['connected', 'embedded', 'disconnected']);
type Part = z.infer<typeof Part>;

const Health = z.object({
  status: z
    .enum(['healthy', 'degraded', 'unhealthy'])
    .describe('degraded: answered from the database, without the cache.'),
  database: Part,
  redis: Part,
  workers: z.object({ tasks_processed: z.int(), tasks_failed: z.int(), active_workers: z.int() }),
  detail: z.object({
    database: z.object({ latencyMs: z.number().optional(), error: z.string().optional() }),
    redis: z.object({
      latencyMs: z.number().optional(),
      version: z.string().optional(),
      warnings: z.array(z.string()),
    }),
    uptimeSeconds: z.int(),
  }),
});

const Ready = z.object({ ready: z.boolean() });

/** No queue runs in this version. */
const workers = Object.freeze({ tasks_processed: 0, tasks_failed: 0, active_workers: 0 });

const pingDeadline = 2_000;

/** `/health` for people and dashboards, `/ready` for load balancers. Both ask; neither remembers. */
export function healthRoutes(app: App, { database, cache }: { database: DatabaseHandle; cache: Cache }): void {
  app.get(
    '/health',
    { schema: { tags: ['operation'], response: { 200: Health, 503: Health } } },
    async (_request, reply) => {
      const [databasePart, redisPart] = await Promise.all([askDatabase(database), askCache(cache)]);
      const status =
        databasePart.state === 'disconnected' ? 'unhealthy'
        : redisPart.healthy ? 'healthy'
        : 'degraded';
      return reply.code(status === 'unhealthy' ? 503 : 200).send({
        status,
        database: databasePart.state,
        redis: redisPart.state,
        workers,
        detail: { database: databasePart.detail, redis: redisPart.detail, uptimeSeconds: Math.floor(process.uptime()) },
      });
    },
  );

  app.get(
    '/ready',
    { schema: { tags: ['operation'], response: { 200: Ready, 503: Ready } } },
    async (_request, reply) => {
      const { state } = await askDatabase(database);
      return reply.code(state === 'disconnected' ? 503 : 200).send({ ready: state !== 'disconnected' });
    },
  );
}

async function askDatabase(
  database: DatabaseHandle,
): Promise<{ state: Part; detail: { latencyMs?: number; error?: string } }> {
  try {
    const latencyMs = round(await within(pingDeadline, database.ping()));
    return { state: database.kind === 'embedded' ? 'embedded' : 'connected', detail: { latencyMs } };
  } catch {
    // The reason may hold addresses; it belongs in the log of whoever looks, not in a public answer.
    return { state: 'disconnected', detail: { error: 'no answer' } };
  }
}

/** Writes, reads and removes an entry: a Redis that answers and cannot be written to serves nothing either. */
async function askCache(cache: Cache) {
  const { status, store, roundTrip, pending, warnings } = await cache.health();
  const up: Part = store.kind === 'memory' ? 'embedded' : 'connected';
  const { latency, version } = store;
  return {
    healthy: roundTrip && pending === 0,
    state: status === 'down' ? ('disconnected' as const) : up,
    detail: {
      ...(latency !== undefined && { latencyMs: round(latency) }),
      ...(version !== undefined && { version }),
      warnings: [...warnings],
    },
  };
}

function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
