import { milliseconds, type Duration } from '../core/duration.js';
import { checkBoolean, checkFraction, checkOptions, checkSignal, checkVersion } from '../core/options.js';
import { UsageError } from '../core/errors.js';
import type { CallOptions } from '../store/store.js';
import { earlyRefresh, type Early } from './early.js';
import type { Tally } from './tally.js';

/** Time limits. A plain duration bounds each of them. */
export interface Deadlines {
  /** One call to the store. */
  readonly store?: Duration;
  /** How long a caller that could be given a stale value waits for a fresh one; it does not wait at all by default. */
  readonly soft?: Duration;
  /** One load; its signal is aborted then. Default 30 s. */
  readonly hard?: Duration;
  /** How long to wait for another process's load before loading without storing. Default 5 s. */
  readonly wait?: Duration;
}

/** What every method takes last. */
export interface ReadOptions {
  /** Ends the wait with the signal's reason. A load goes on while another caller waits for it. */
  readonly signal?: AbortSignal | undefined;
  readonly deadline?: Duration | Deadlines | undefined;
  /** `false` reads past this process's memory. */
  readonly near?: boolean | undefined;
}

export interface EntryOptions extends ReadOptions {
  /** Fresh life; `Infinity` for no expiry. */
  readonly ttl?: Duration | undefined;
  /** Stale life after it. */
  readonly grace?: Duration | undefined;
  /** Versions an entry is good under; an entry that lacks one of them is a miss. */
  readonly tags?: readonly string[] | undefined;
  /** `false` returns what was loaded without storing it, as inside a database transaction. */
  readonly fill?: boolean | undefined;
  /** For `set`: a fence against older values. */
  readonly version?: number | bigint | undefined;
}

export interface InvalidateOptions extends ReadOptions {
  /** Reject when the store cannot be told now, instead of keeping the invalidation for replay. */
  readonly strict?: boolean | undefined;
  /** No fill for that long: for sources read from a replica that lags. */
  readonly settle?: Duration | undefined;
  /** The version that truth has reached: fills below it are refused, and an entry that has it stays. */
  readonly version?: number | bigint | undefined;
}

/** Resolved time limits, in milliseconds. */
export interface Limits {
  readonly store: number | undefined;
  readonly soft: number | undefined;
  readonly hard: number;
  readonly wait: number;
}

/** How entries of a call or keyspace are made and judged: every option resolved and checked, once. */
export interface Plan {
  /** Where outcomes are told. */
  readonly tally: Tally;
  readonly ttl: number;
  readonly grace: number;
  /** Life of `null` and `undefined`; `undefined` stores null like any value and undefined not at all. */
  readonly negativeTtl: number | undefined;
  readonly jitter: number;
  readonly fill: boolean;
  readonly limits: Limits;
  /** Whether every entry of it carries tags of the keyspace. */
  readonly isTagged: boolean;
  /** Serve entries written before a failover. */
  readonly trust: boolean;
  /** Checks a value, giving the one to use; throws `SchemaError`. */
  readonly check: ((key: string, value: unknown) => unknown) | undefined;
  /** Whether a fresh entry is due for an early refresh: see `early.ts`. Absent without `refreshAhead`. */
  readonly early: Early | undefined;
  /** The fence of a loaded value. */
  readonly version: ((value: unknown) => number | bigint) | undefined;
}

/** What of a call is not about entries. */
export interface Call extends CallOptions {
  readonly near: boolean;
}

export const defaultLimits: Limits = Object.freeze({ store: undefined, soft: undefined, hard: 30_000, wait: 5_000 });

const readNames = ['signal', 'deadline', 'near'] as const;
const entryNames = [...readNames, 'ttl', 'grace', 'tags', 'fill', 'version'] as const;
const invalidateNames = [...readNames, 'strict', 'settle', 'version'] as const;

const noCall: Call = Object.freeze({ near: true });

/** Checks a method's last argument. */
export function resolveCall(options: unknown): Call {
  return options === undefined ? noCall : callOf(checkOptions(options, readNames, 'options'));
}

function callOf(given: Readonly<Record<string, unknown>>): Call {
  const { signal, deadline, near } = given;
  return {
    near: near === undefined ? true : checkBoolean(near, 'options.near'),
    ...(signal === undefined ? {} : { signal: checkSignal(signal, 'options.signal') }),
    ...(deadline === undefined ? {} : { deadline: resolveLimits(deadline, defaultLimits).store }),
  };
}

/** Cuts the limits down to what an option says. */
export function resolveLimits(option: unknown, base: Limits, field = 'deadline'): Limits {
  if (option === undefined) return base;
  if (typeof option === 'number' || typeof option === 'string') {
    const most = milliseconds(option, field);
    return Object.freeze({
      store: Math.min(base.store ?? Infinity, most),
      soft: base.soft,
      hard: Math.min(base.hard, most),
      wait: Math.min(base.wait, most),
    });
  }
  const { store, soft, hard, wait } = checkOptions(option, ['store', 'soft', 'hard', 'wait'], field);
  return Object.freeze({
    store: store === undefined ? base.store : milliseconds(store, `${field}.store`),
    soft: soft === undefined ? base.soft : milliseconds(soft, `${field}.soft`),
    hard: hard === undefined ? base.hard : milliseconds(hard, `${field}.hard`),
    wait: wait === undefined ? base.wait : milliseconds(wait, `${field}.wait`, { zero: true }),
  });
}

export interface EntryCall {
  readonly plan: Plan;
  readonly call: Call;
  readonly tags: readonly string[];
  readonly version: number | bigint | undefined;
}

/** The tags of a call that asks for nothing else, as most calls with options do; else `undefined`. Checks nothing more. */
export function tagsAlone(options: object): readonly string[] | undefined {
  for (const name in options) if (name !== 'tags') return undefined;
  const tags: unknown = (options as EntryOptions | null)?.tags;
  return Array.isArray(tags) ? (tags as readonly string[]) : undefined;
}

/** Whether an entry may be given this life. */
export function isLife(ttl: unknown): boolean {
  try {
    milliseconds(ttl, 'ttl', { infinite: true });
    return true;
  } catch {
    return false;
  }
}

/** Resolves the last argument of `wrap` and `set`: nothing, a duration, or options. */
function resolveEntry(options: unknown, base: Plan): EntryCall {
  if (options === undefined) return { plan: base, call: noCall, tags: [], version: undefined };
  if (typeof options === 'number' || typeof options === 'string') {
    const ttl = milliseconds(options, 'ttl', { infinite: true });
    return { plan: { ...base, ttl }, call: noCall, tags: [], version: undefined };
  }
  const given = checkOptions(options, entryNames, 'options');
  const { tags, version } = given;
  return {
    plan: planOf(given, base),
    call: callOf(given),
    tags: tags === undefined ? [] : checkTags(tags, 'options.tags'),
    version: version === undefined ? undefined : checkVersion(version, 'options.version'),
  };
}

/** The base itself where the call changes nothing of it: what is kept in memory keeps its plan. */
function planOf({ ttl, grace, fill, deadline }: Readonly<Record<string, unknown>>, base: Plan): Plan {
  if (ttl === undefined && grace === undefined && fill === undefined && deadline === undefined) return base;
  return {
    ...base,
    ttl: ttl === undefined ? base.ttl : milliseconds(ttl, 'options.ttl', { infinite: true }),
    grace: grace === undefined ? base.grace : milliseconds(grace, 'options.grace', { zero: true }),
    fill: fill === undefined ? base.fill : checkBoolean(fill, 'options.fill'),
    limits: resolveLimits(deadline, base.limits, 'options.deadline'),
  };
}

/** `resolveEntry` for what loads: a fence comes with the loaded value. */
export function resolveWrap(options: unknown, base: Plan): Omit<EntryCall, 'version'> {
  const { version, ...rest } = resolveEntry(options, base);
  if (version !== undefined)
    throw new UsageError('options.version', version, 'is for set: a loader says it by setVersion');
  return rest;
}

/** `resolveEntry` for what writes. */
export function resolveSet(options: unknown, base: Plan): EntryCall {
  const resolved = resolveEntry(options, base);
  if (!resolved.plan.fill) throw new UsageError('options.fill', false, 'is for wrap: set stores whatever it is given');
  return resolved;
}

/** What an invalidation was asked to do besides. */
export interface Invalidation {
  readonly call: Call;
  readonly strict: boolean;
  readonly settle: number;
  readonly version: number | bigint | undefined;
}

export function resolveInvalidation(options: unknown, strict: boolean): Invalidation {
  if (options === undefined) return { call: noCall, strict, settle: 0, version: undefined };
  const given = checkOptions(options, invalidateNames, 'options');
  return {
    call: callOf(given),
    strict: given['strict'] === undefined ? strict : checkBoolean(given['strict'], 'options.strict'),
    settle: given['settle'] === undefined ? 0 : milliseconds(given['settle'], 'options.settle', { zero: true }),
    version: given['version'] === undefined ? undefined : checkVersion(given['version'], 'options.version'),
  };
}

export function checkTags(value: unknown, field: string): readonly string[] {
  if (!Array.isArray(value)) throw new UsageError(field, value, 'must be a list of tags');
  return value as string[];
}

/** Defaults of a cache, from which plans of calls and keyspaces are made. */
export function resolveDefaults(options: {
  readonly ttl?: unknown;
  readonly grace?: unknown;
  readonly jitter?: unknown;
  readonly negativeTtl?: unknown;
  readonly deadline?: unknown;
  readonly refreshAhead?: unknown;
  readonly random?: (() => number) | undefined;
}): Omit<Plan, 'tally'> {
  return Object.freeze({
    ttl: milliseconds(options.ttl ?? '5m', 'ttl', { infinite: true }),
    grace: milliseconds(options.grace ?? 0, 'grace', { zero: true }),
    jitter: checkFraction(options.jitter ?? 0.05, 'jitter'),
    negativeTtl: options.negativeTtl === undefined ? undefined : milliseconds(options.negativeTtl, 'negativeTtl'),
    fill: true,
    limits: resolveLimits(options.deadline, defaultLimits),
    isTagged: false,
    trust: false,
    check: undefined,
    early: earlyRefresh(options.refreshAhead, 'refreshAhead', options.random),
    version: undefined,
  });
}
