import type { StoreHealth } from '../store/store.js';
import type { CacheEngine } from './cache-engine.js';
import { encodeEntry, randomId } from './entry.js';
import { write } from './operations/index.js';

/** How a cache is; see `Cache.health`. */
export interface HealthReport {
  /** `degraded`: it works with reservations, which `warnings` names; `down`: every read is answered by its source. */
  readonly status: 'ok' | 'degraded' | 'down';
  readonly name: string;
  readonly store: StoreHealth;
  /** Whether an entry could be written, read back and removed. */
  readonly roundTrip: boolean;
  /** Invalidations that wait to be replayed. */
  readonly pending: number;
  readonly warnings: readonly string[];
}

const probeLife = 10_000;

/** Writes, reads and removes an entry of its own. Never rejects. */
export async function checkHealth(engine: CacheEngine): Promise<HealthReport> {
  const { store, common } = engine.scope;
  const health = await store.health();
  const roundTrip = health.status !== 'down' && (await probe(engine));
  const pending = common.pending.size;
  const warnings = [
    ...health.warnings,
    ...(pending > 0 ? [`${pending} invalidations wait to be replayed`] : []),
    ...(health.status !== 'down' && !roundTrip ? ['an entry could not be written, read back and removed'] : []),
  ];
  const status =
    health.status === 'down' ? 'down'
    : warnings.length > 0 ? 'degraded'
    : 'ok';
  return { status, name: engine.defaults.tally.name, store: health, roundTrip, pending, warnings };
}

async function probe(engine: CacheEngine): Promise<boolean> {
  const { scope } = engine;
  const { store, common } = scope;
  const { stored } = engine.key(`cenote-health:${randomId()}`);
  const lease = common.names.lease(stored);
  try {
    const head = {
      id: randomId(),
      freshUntil: store.now() + probeLife,
      grace: 0,
      epoch: store.epoch ?? '-',
      version: undefined,
      encoding: 'json',
      cost: 0,
      tags: '',
    };
    const entry = encodeEntry(stored, head, Buffer.from('true'));
    await store.run(write, [{ value: stored, lease, entry, life: probeLife }]);
    const read = await store.readOne(stored);
    return read?.equals(entry) ?? false;
  } catch {
    return false;
  } finally {
    await store.delete([stored]).catch(() => undefined);
  }
}
