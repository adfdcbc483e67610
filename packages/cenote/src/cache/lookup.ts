import type { MissReason } from '../core/events.js';
import type { EntryHead } from './entry.js';
import { judge, noneAsked, noVersions, type Judgement, type Scene } from './judge.js';
import type { CallOptions } from '../store/store.js';
import type { Call, Plan } from './plan.js';
import type { Wanted } from './flights.js';
import type { Key } from './key.js';
import { absent, due, type Ticket } from './near/near.js';
import type { Scope } from './scope.js';
import { checkValue, mustCheck } from './fill.js';
import { countTags, tagsOfHead, type Tag } from './tags.js';

/** What a lookup of one key came to. */
export type Found = Held | Gone;

export interface Held {
  readonly state: 'fresh' | 'stale';
  readonly value: unknown;
  /** Absent when it was held in memory. */
  readonly head: EntryHead | undefined;
}

export interface Gone {
  readonly state: 'gone';
  readonly reason: MissReason;
  /** The id of the entry that was rejected. */
  readonly rejected?: string | undefined;
  /** The tags that the rejected entry carried. */
  readonly tags?: readonly Tag[] | undefined;
}

/** What this process's memory answered, as a lookup would have found it; `undefined` when the store is to be asked. */
export function heldOf(near: unknown): Held | undefined {
  return near === absent || near === due ? undefined : { state: 'fresh', value: near, head: undefined };
}

/** Reasons for which the store must be passed by: it has no word to give, or none to be trusted. */
export function isBypass(found: Found): boolean {
  return found.state === 'gone' && (found.reason === 'away' || found.reason === 'pending');
}

/** Tells the tally what a lookup came to. */
export function tell({ tally }: Plan, { raw }: Key, found: Found, start: number): void {
  if (found.state === 'gone') tally.miss(raw, found.reason, start);
  else tally.hit(raw, found.state === 'stale', start);
}

/**
 * Reads one entry: a `GET`, or with tags an `MGET` of entry and versions. Never rejects but with the caller's abort reason.
 * The memory tier is not asked, but keeps what is found.
 */
export function lookup(scope: Scope, wanted: Wanted, plan: Plan, call: Call): Promise<Found> {
  return lookupThen(scope, wanted, plan, call, (found) => found);
}

/** `lookup`, and then `use`, in one promise: each one more costs a hit as much as judging it. */
export function lookupThen<Outcome>(
  scope: Scope,
  { key, tags }: Wanted,
  plan: Plan,
  call: Call,
  use: (found: Found) => Outcome | Promise<Outcome>,
): Promise<Outcome> {
  if (isPending(scope, key, tags)) return Promise.resolve(pending).then(use);
  const reading = begin(scope, key, tags, plan, call);
  const { ticket } = reading;
  if (!ticket) return readOne(reading, use);
  return readOne(reading, (found) => found)
    .finally(() => scope.near?.close(ticket))
    .then(use);
}

/** Reads many entries and the union of their tags in one batch, but for those that are `held` already. Aligned with `keys`. */
export async function lookupMany(
  scope: Scope,
  keys: readonly Key[],
  tags: readonly (readonly Tag[])[],
  plan: Plan,
  call: Call,
  held: readonly (Found | undefined)[] = [],
): Promise<Found[]> {
  const all = keys.map((key, index) => (isPending(scope, key, tags[index] ?? []) ? pending : held[index]));
  const rest = keys.flatMap((key, index) =>
    all[index] ? [] : [{ index, reading: begin(scope, key, tags[index] ?? [], plan, call) }],
  );
  try {
    const found = await readMany(
      scope,
      rest.map(({ reading }) => reading),
      plan,
      call,
    );
    for (const [place, { index }] of rest.entries()) all[index] = found[place] as Found;
  } finally {
    for (const { reading } of rest) if (reading.ticket) scope.near?.close(reading.ticket);
  }
  return all as Found[];
}

/** One read of one entry, from before it is sent until it is judged. */
interface Reading {
  readonly scope: Scope;
  readonly key: Key;
  readonly tags: readonly Tag[];
  readonly plan: Plan;
  readonly call: Call;
  /** How many times kept invalidations had been let go: what is read while a replay ends may be older than it. */
  readonly releases: number;
  /** The right to keep what is found in the memory tier. */
  readonly ticket: Ticket | undefined;
}

function begin(scope: Scope, key: Key, tags: readonly Tag[], plan: Plan, call: Call): Reading {
  const ticket = call.near ? scope.near?.ticket(key.raw, tags) : undefined;
  return { scope, key, tags, plan, call, releases: scope.common.pending.releases, ticket };
}

const pending: Gone = Object.freeze({ state: 'gone', reason: 'pending' });
const away: Gone = Object.freeze({ state: 'gone', reason: 'away' });

function isPending(scope: Scope, key: Key, tags: readonly Tag[]): boolean {
  const { pending: kept } = scope.common;
  return kept.size > 0 && (kept.coversKey(key.raw, key.stored) || kept.coversTags(tags));
}

function readOne<Outcome>(reading: Reading, use: (found: Found) => Outcome | Promise<Outcome>): Promise<Outcome> {
  const { scope, key, tags, plan, call } = reading;
  const limits = callLimits(plan, call);
  const settled = (bytes: Buffer | null, versions: ReadonlyMap<string, string>): Outcome | Promise<Outcome> => {
    const found = settle(reading, bytes, versions, tags);
    return found instanceof Promise ? found.then(use) : use(found);
  };
  const failed = (error: unknown): Outcome | Promise<Outcome> => use(faulted(error, plan, call));
  if (tags.length === 0)
    return scope.store.readOne(key.stored, limits).then((bytes) => settled(bytes, noVersions), failed);
  const names = [key.stored, ...tags.map((tag) => tag.key)];
  return scope.store
    .read(names, limits)
    .then(([entry, ...read]) => settled(entry ?? null, versionMap(tags, read)), failed);
}

async function readMany(scope: Scope, readings: readonly Reading[], plan: Plan, call: Call): Promise<readonly Found[]> {
  if (readings.length === 0) return [];
  const distinct = [...new Map(readings.flatMap(({ tags }) => tags.map((tag) => [tag.key, tag]))).values()];
  let read: (Buffer | null)[];
  try {
    const names = [...readings.map(({ key }) => key.stored), ...distinct.map((tag) => tag.key)];
    read = await scope.store.read(names, callLimits(plan, call));
  } catch (error) {
    const found = faulted(error, plan, call);
    return readings.map(() => found);
  }
  const versions = versionMap(distinct, read.slice(readings.length));
  return Promise.all(readings.map(async (reading, index) => settle(reading, read[index] ?? null, versions, distinct)));
}

function callLimits(plan: Plan, call: Call): CallOptions {
  if (plan.limits.store === undefined || call.deadline !== undefined) return call;
  return { deadline: plan.limits.store, signal: call.signal };
}

/** A failed read is a miss. Only the caller's own abort is its error. */
function faulted(error: unknown, plan: Plan, call: Call): Gone {
  if (call.signal?.aborted) throw call.signal.reason;
  plan.tally.storeFault('read', error);
  return away;
}

function versionMap(tags: readonly Tag[], read: readonly (Buffer | null)[]): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const [index, tag] of tags.entries()) {
    const version = read[index]?.toString('latin1');
    if (version !== undefined) versions.set(tag.key, version);
  }
  return versions;
}

/** Judges and decodes; asks for the versions of tags that only the entry knew. No promise for what is known at once. */
function settle(
  reading: Reading,
  bytes: Buffer | null,
  versions: ReadonlyMap<string, string>,
  asked: readonly Tag[],
): Found | Promise<Found> {
  const { scope, key, tags, plan } = reading;
  const { store } = scope;
  const scene: Scene = {
    names: scope.common.names,
    now: store.now(),
    epoch: store.epoch ?? '',
    trust: plan.trust,
    tags,
    versions,
    asked: asked.length === 0 ? noneAsked : new Set(asked.map((tag) => tag.key)),
  };
  const judgement = judge(key.stored, bytes, scene);
  if (judgement.state === 'unsure') return settleUnsure(reading, bytes, judgement.tags, scene);
  return decoded(reading, bytes, judgement, scene);
}

async function settleUnsure(
  reading: Reading,
  bytes: Buffer | null,
  unasked: readonly Tag[],
  scene: Scene,
): Promise<Found> {
  const { scope, key, plan, call, ticket } = reading;
  if (ticket) scope.near?.cover(ticket, unasked);
  let read: (Buffer | null)[];
  try {
    read = await scope.store.read(
      unasked.map((tag) => tag.key),
      callLimits(plan, call),
    );
  } catch (error) {
    return faulted(error, plan, call);
  }
  const sure: Scene = {
    ...scene,
    versions: new Map([...scene.versions, ...versionMap(unasked, read)]),
    asked: new Set([...scene.asked, ...unasked.map((tag) => tag.key)]),
  };
  return decoded(reading, bytes, judge(key.stored, bytes, sure), sure);
}

function decoded(
  reading: Reading,
  bytes: Buffer | null,
  judgement: Judgement,
  { epoch }: Scene,
): Found | Promise<Found> {
  if (judgement.state === 'gone') return judgement;
  if (judgement.state === 'unsure' || bytes === null) return { state: 'gone', reason: 'tag' };
  const { scope, plan } = reading;
  const { head, payloadAt, state } = judgement;
  if (isDoubtful(reading, head)) return pending;
  let value: unknown;
  try {
    value = scope.payloads.read(head.id, head.encoding, bytes, payloadAt);
  } catch {
    return { state: 'gone', reason: 'codec', rejected: head.id };
  }
  // What was written before a failover may be trusted by one reader and not by the next.
  const kept = head.epoch === epoch ? { bytes, payloadAt } : undefined;
  if (mustCheck(plan, value)) return checked(reading, { state, value, head }, kept);
  if (kept) keepNear(reading, { state, value, head }, kept);
  return { state, value, head };
}

/** Whether an entry's tags are among those whose invalidation has not reached the store, or only just did. */
function isDoubtful({ scope, releases }: Reading, head: EntryHead): boolean {
  const { pending: kept, names } = scope.common;
  if (head.tags === '' || (kept.size === 0 && kept.releases === releases)) return false;
  return kept.releases !== releases || kept.coversTags(tagsOfHead(names, head.tags));
}

type Stored = { readonly bytes: Buffer; readonly payloadAt: number };
type Decoded = { readonly state: 'fresh' | 'stale'; readonly value: unknown; readonly head: EntryHead };

/** What does not fit its schema is as good as absent. */
async function checked(reading: Reading, found: Decoded, stored: Stored | undefined): Promise<Found> {
  try {
    const value = await checkValue(reading.scope, reading.key, found.value, reading.plan);
    if (stored) keepNear(reading, { ...found, value }, stored);
    return { ...found, value };
  } catch {
    return { state: 'gone', reason: 'schema', rejected: found.head.id };
  }
}

/** Has the memory tier keep a fresh value: itself where it can be shared, else the bytes to make each caller one of its own. */
function keepNear(
  { scope, plan, ticket }: Reading,
  { state, value, head }: Decoded,
  { bytes, payloadAt }: Stored,
): void {
  // In a batch the versions of an entry's tags may have been asked for on behalf of others: its ticket does not cover them.
  if (!ticket || state !== 'fresh' || ticket.tags.length !== countTags(head.tags)) return;
  const isShared = scope.payloads.isSafe(value, plan.check ? undefined : head.encoding);
  if (!isShared && plan.check) return;
  const give =
    isShared ? undefined : (
      scope.payloads.share({ encoding: head.encoding, bytes: Buffer.from(bytes.subarray(payloadAt)) })
    );
  scope.near?.put(
    ticket,
    { value: give ? undefined : value, give, bytes: bytes.length, freshUntil: head.freshUntil, cost: head.cost },
    plan,
  );
}
