import { createHash } from 'node:crypto';

import { asText, type RedisClient } from './client.js';
import { isForbidden } from './reply-error.js';

/** What a server says of itself. */
export interface Identity {
  /** Changes when the server restarts or fails over: a short hash of `run_id` and `master_replid`; `none` when it may not be asked. */
  readonly epoch: string;
  readonly version: string | undefined;
  /** True for a replica, which refuses writes. */
  readonly replica: boolean;
  /** True while it reads its data from disk; its identity may still change. */
  readonly loading: boolean;
  readonly evictionPolicy: string | undefined;
  /** True when no more memory may be used and nothing may be evicted, so that writes are refused. */
  readonly full: boolean;
  /** Epoch milliseconds, from TIME; `undefined` when it may not be asked. */
  readonly time: number | undefined;
}

/** The epoch of a server whose INFO is not permitted: restarts and failovers cannot be told. */
export const unknownEpoch = 'none';

/**
 * INFO and TIME in one round trip. That either is not permitted is an answer. Rejects when the connection is lost, or when
 * the server cannot answer now (`BUSY` with a script): that tells nothing of who it is.
 */
export async function readIdentity(client: RedisClient): Promise<Identity> {
  const [info, time] = await Promise.all([
    permitted(client.sendCommand(['INFO', 'server', 'replication', 'persistence', 'memory'], asText)),
    permitted(client.sendCommand(['TIME'], asText)),
  ]);
  return { ...describe(fieldsOf(info)), time: epochMilliseconds(time) };
}

async function permitted(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

function fieldsOf(info: unknown): Map<string, string> {
  const lines = typeof info === 'string' ? info.split('\r\n') : [];
  return new Map(
    lines
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

function describe(fields: Map<string, string>): Omit<Identity, 'time'> {
  const identity = `${fields.get('run_id') ?? ''}:${fields.get('master_replid') ?? ''}`;
  const limit = Number(fields.get('maxmemory') ?? 0);
  const evictionPolicy = fields.get('maxmemory_policy');
  return {
    epoch: identity === ':' ? unknownEpoch : createHash('sha1').update(identity).digest('hex').slice(0, 12),
    version: fields.get('redis_version'),
    replica: fields.get('role') === 'slave',
    loading: fields.get('loading') === '1',
    evictionPolicy: limit > 0 ? evictionPolicy : undefined,
    full: limit > 0 && evictionPolicy === 'noeviction' && Number(fields.get('used_memory')) > limit,
  };
}

function epochMilliseconds(time: unknown): number | undefined {
  if (!Array.isArray(time)) return undefined;
  const [seconds, microseconds] = time.map(Number);
  return seconds === undefined || microseconds === undefined ? undefined : seconds * 1_000 + microseconds / 1_000;
}
