import { milliseconds, type Duration } from '../../core/duration.js';
import { UsageError } from '../../core/errors.js';
import { checkCount, checkFunction } from '../../core/options.js';
import type { DomainOptions } from '../kit/ground.js';
import type { DomainLoadContext } from '../kit/through.js';
import type { SessionData } from './session.js';

/** The truth of sessions and revocations, such as a database: asked for what the store cannot tell. */
export interface SessionSource<D extends SessionData> {
  /** A session that is live, by its id; nothing for any other. */
  readonly session?:
    | ((sessionId: string, context: DomainLoadContext) => Promise<D | null | undefined> | D | null | undefined)
    | undefined;
  /** Whether a token has been revoked. */
  readonly revoked?: ((tokenId: string, context: DomainLoadContext) => Promise<boolean> | boolean) | undefined;
}

export interface SessionOptions<D extends SessionData> extends DomainOptions {
  /** The most live sessions of a user; a new one beyond ends the oldest. Default: no limit. */
  readonly maxPerUser?: number | undefined;
  /** How long a session lives at most, however often it is extended. Default: as long as it is extended. */
  readonly absoluteTtl?: Duration | undefined;
  /** An extension that would gain less than this writes nothing. Default 0: each writes. */
  readonly touchEvery?: Duration | undefined;
  /** How long a token lives at most: for so long after a loss of data the source is asked for tokens. Default `'30d'`. */
  readonly longestToken?: Duration | undefined;
  readonly source?: SessionSource<D> | undefined;
}

/** Resolved options; times in milliseconds. */
export interface SessionSettings<D extends SessionData> {
  readonly maxPerUser: number | undefined;
  readonly absoluteTtl: number | undefined;
  readonly touchEvery: number;
  readonly longestToken: number;
  readonly source: SessionSource<D>;
}

export const sessionOptionNames = ['maxPerUser', 'absoluteTtl', 'touchEvery', 'longestToken', 'source'] as const;

const defaults = Object.freeze({ touchEvery: 0, longestToken: '30d' });

/** Anything longer is a mistake of units. */
const longestLife = 10 * 366 * 24 * 3_600_000;

/** @throws UsageError naming the option, its value and the rule. */
export function resolveSessionOptions<D extends SessionData>(options: SessionOptions<D>): SessionSettings<D> {
  const { maxPerUser, absoluteTtl, touchEvery, longestToken, source } = options;
  return Object.freeze({
    maxPerUser: maxPerUser === undefined ? undefined : checkCount(maxPerUser, 'options.maxPerUser', 1, 1_000),
    absoluteTtl: absoluteTtl === undefined ? undefined : checkLife(absoluteTtl, 'options.absoluteTtl'),
    touchEvery: milliseconds(touchEvery ?? defaults.touchEvery, 'options.touchEvery', { zero: true }),
    longestToken: checkLife(longestToken ?? defaults.longestToken, 'options.longestToken'),
    source: checkSource<D>(source),
  });
}

/** Milliseconds of a life that is given. @throws UsageError for one that is no duration, or of more than 10 years. */
export function checkLife(value: unknown, field: string): number {
  const life = milliseconds(value, field);
  if (life > longestLife) throw new UsageError(field, value, 'must be at most 10 years');
  return life;
}

/** The source's methods, called on it; what else it has is its own affair. */
function checkSource<D extends SessionData>(value: unknown): SessionSource<D> {
  if (value === undefined) return {};
  const source = value as SessionSource<D> | null;
  if (typeof source !== 'object' || source === null || (!source.session && !source.revoked))
    throw new UsageError('options.source', typeof value, 'must be an object with session() or revoked()');
  if (source.session !== undefined) checkFunction(source.session, 'options.source.session');
  if (source.revoked !== undefined) checkFunction(source.revoked, 'options.source.revoked');
  return {
    session: source.session?.bind(source),
    revoked: source.revoked?.bind(source),
  };
}
