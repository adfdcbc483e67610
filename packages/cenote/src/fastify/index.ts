/** For Fastify 5: what the cache did for a request as a response header, and a health route. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { UsageError, type CacheEvent, type HealthReport } from '../index.js';

export interface CenotePluginOptions {
  /** The caches that `/health` asks. */
  readonly caches?: readonly { health(): Promise<HealthReport> }[] | undefined;
  /** Where the health route is; `false` for none. Default `'/health'`. */
  readonly health?: string | false | undefined;
  /** The header that says `hit`, `stale` or `miss`; `false` for none. Default `'x-cache'`. */
  readonly header?: string | false | undefined;
}

const defaults = Object.freeze({ health: '/health', header: 'x-cache' });

/** What the lookups of one request came to: the worst of them counts. */
interface Trace {
  outcome: 'hit' | 'stale' | 'miss' | undefined;
}

const traces = new AsyncLocalStorage<Trace>();

/**
 * Pass it as a cache's `onEvent` (or call it in yours), so that the plugin knows what the cache did for which request.
 * Outside a request it does nothing.
 */
export function traceEvents(event: CacheEvent): void {
  const trace = traces.getStore();
  if (!trace) return;
  if (event.type === 'miss') trace.outcome = 'miss';
  else if (event.type === 'hit' && trace.outcome !== 'miss' && (event.stale || trace.outcome === undefined))
    trace.outcome = event.stale ? 'stale' : 'hit';
}

/**
 * The plugin. A request that is cancelled cancels its loads when they are given `request.signal`, which Fastify offers from
 * 5.8 on: `profile.get({ userId }, { signal: request.signal })`.
 *
 * `/health` answers 200 while reads are answered at all (a cache that is away is `degraded`: its source answers), with
 * each cache's report.
 *
 * @throws UsageError for an option that breaks its rule.
 */
export const cenote: FastifyPluginAsync<CenotePluginOptions> = async (app, options) => {
  const { header = defaults.header, health = defaults.health, caches = [] } = options;
  if (header !== false) announce(app, checkHeader(header));
  if (health !== false) app.get(health, () => report(caches));
};

// Fastify's own way to say that hooks belong to the instance that registers the plugin.
Object.assign(cenote, { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: 'cenote' });

// oxlint-disable-next-line import/no-default-export -- how Fastify users import plugins
export default cenote;

function announce(app: FastifyInstance, header: string): void {
  // Not earlier: reading a body would lose the context.
  app.addHook('preHandler', (_request, _reply, done) => traces.run({ outcome: undefined }, done));
  app.addHook('onSend', (_request: FastifyRequest, reply: FastifyReply, payload: unknown, done) => {
    const outcome = traces.getStore()?.outcome;
    if (outcome) void reply.header(header, outcome);
    done(null, payload);
  });
}

async function report(
  caches: NonNullable<CenotePluginOptions['caches']>,
): Promise<{ status: string; caches: HealthReport[] }> {
  const reports = await Promise.all(caches.map((cache) => cache.health()));
  return { status: reports.every((one) => one.status === 'ok') ? 'ok' : 'degraded', caches: reports };
}

function checkHeader(value: unknown): string {
  if (typeof value !== 'string' || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value))
    throw new UsageError('options.header', value, 'must be the name of a header, or false');
  return value.toLowerCase();
}
