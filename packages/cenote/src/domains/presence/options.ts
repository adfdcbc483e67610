import { milliseconds, type Duration } from '../../core/duration.js';
import { UsageError } from '../../core/errors.js';
import type { DomainCallOptions } from '../kit/call.js';
import type { DomainOptions } from '../kit/ground.js';
import type { KnownStatus } from './change.js';

/** `unknown`: the store is away. */
export type PresenceStatus = KnownStatus | 'unknown';

export interface PresenceOptions extends DomainOptions {
  /** How long it is kept when somebody was last seen; default `'30d'`. */
  readonly retention?: Duration | undefined;
}

export interface ConnectionOptions extends DomainCallOptions {
  /** Which of the user's connections: a socket's id, new for each. Without it, the one connection that has no name. */
  readonly connectionId?: string | undefined;
}

export interface HeartbeatOptions extends ConnectionOptions {
  /** True when the user has done something: ends being away. False or absent says nothing about the user. */
  readonly active?: boolean | undefined;
}

export interface PageOptions extends DomainCallOptions {
  /** 1 to 1,000; default 100. */
  readonly limit?: number | undefined;
  /** Of the page before. */
  readonly cursor?: string | undefined;
}

export interface WatchingOptions {
  /** Between the end of one round and the next; default `'1s'`. */
  readonly every?: Duration | undefined;
}

/** @throws UsageError for no duration, or one of over 7 days. */
export function connectionLife(ttl: unknown): number {
  return lifeOf(ttl, 7 * 86_400_000, '7 days');
}

/** @throws UsageError for no duration, or one of over an hour. */
export function typingLife(ttl: unknown): number {
  return lifeOf(ttl, 3_600_000, '1 hour');
}

function lifeOf(ttl: unknown, most: number, words: string): number {
  const life = milliseconds(ttl, 'ttl');
  if (life > most) throw new UsageError('ttl', ttl, `must be at most ${words}`);
  return life;
}
