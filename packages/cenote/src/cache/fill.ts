import { checkVersion } from '../core/options.js';
import type { RefuseReason } from '../core/events.js';
import { encodeEntry, encodeVersion, randomId } from './entry.js';
import { leaseLife, type Lease } from './lease.js';
import type { Loaded } from './load.js';
import { remove, write, type WriteInput } from './operations/index.js';
import type { Give, Payload } from './payload.js';
import type { Plan } from './plan.js';
import type { Key } from './key.js';
import { chunksOf } from './removal.js';
import type { Scope } from './scope.js';
import { captureTags, tagPairs } from './tags.js';

/** A value on its way into the store. */
export interface Prepared {
  readonly give: Give;
  /** Absent when it cannot be encoded, or must not be stored. */
  readonly payload: Payload | undefined;
}

/** Whether a value is one that the schema speaks of; "nothing there" is not. */
export function mustCheck(plan: Plan, value: unknown): boolean {
  return plan.check !== undefined && value !== undefined && !(value === null && plan.negativeTtl !== undefined);
}

/** Checks a decoded value by the plan's schema. Rejects with `SchemaError`. */
export async function checkValue(scope: Scope, key: Key, value: unknown, plan: Plan): Promise<unknown> {
  return scope.payloads.protect(await plan.check?.(key.raw, value));
}

/**
 * Encodes a value and reads it back, so that a miss returns what a hit will. What cannot be encoded is handed out as it
 * is. Rejects with `SchemaError` when it does not fit.
 */
export async function prepare(scope: Scope, key: Key, value: unknown, plan: Plan): Promise<Prepared> {
  let payload: Payload;
  let give: Give;
  try {
    payload = scope.payloads.encode(value);
    give = scope.payloads.share(payload);
  } catch {
    const held = mustCheck(plan, value) ? await checkValue(scope, key, value, plan) : scope.payloads.protect(value);
    return { give: () => held, payload: undefined };
  }
  if (!mustCheck(plan, value)) return { give, payload };
  // A schema may transform, so what it makes is handed out, and remade for each caller where it could be spoilt.
  const first = await checkValue(scope, key, give(), plan);
  return { give: scope.payloads.isSafe(first) ? () => first : () => checkValue(scope, key, give(), plan), payload };
}

/** A leased load that has ended, and why it may not be stored if it may not. */
export interface Ended {
  readonly lease: Lease;
  readonly loaded: Loaded;
  readonly refuse: RefuseReason | undefined;
  /** Whether a value is there that it takes the place of. */
  readonly replaces?: boolean;
}

/** Stores what leased loads gave, each under its lease, in one round trip a partition. Values aligned with `ended`; rejects only with `SchemaError`. */
export async function fill(scope: Scope, ended: readonly Ended[], plan: Plan): Promise<Give[]> {
  try {
    return await fillAll(scope, ended, plan);
  } catch (error) {
    for (const { lease } of ended) void lease.release();
    throw error;
  }
}

async function fillAll(scope: Scope, ended: readonly Ended[], plan: Plan): Promise<Give[]> {
  const prepared = await Promise.all(ended.map(({ lease, loaded }) => prepare(scope, lease.key, loaded.value, plan)));
  const writes: Write[] = [];
  for (const [index, { lease, loaded, refuse, replaces }] of ended.entries()) {
    const payload = prepared[index]?.payload;
    const reason = refuse ?? (payload ? undefined : 'codec');
    const isNothing = loaded.value === undefined && plan.negativeTtl === undefined;
    if (reason === undefined && payload && !isNothing && !loaded.wishes.skip)
      writes.push(await entryOf(scope, lease, loaded, payload, plan));
    else {
      if (reason) plan.tally.refuse(lease.key.raw, reason);
      if (isNothing && reason === undefined && !loaded.wishes.skip && replaces) await forget(scope, lease, plan);
      else void lease.release();
    }
  }
  await writeAll(scope, writes, plan);
  return prepared.map(({ give }) => give);
}

/** A refresh found nothing there any more, which is not stored: what was there goes, and the lease with it. */
async function forget(scope: Scope, { key, name }: Lease, plan: Plan): Promise<void> {
  const input = { pairs: [[key.stored, name]], settle: 0, what: 'ours' } as const;
  await scope.store
    .run(remove, input, { deadline: plan.limits.store })
    .catch((error: unknown) => plan.tally.storeFault('fill', error));
}

async function entryOf(
  scope: Scope,
  lease: Lease,
  { value, wishes, cost }: Loaded,
  payload: Payload,
  plan: Plan,
): Promise<Write> {
  const times = lifeOf(scope, value, wishes.ttl, plan);
  if (lease.tags.length > 0 && times.life > lease.tagLife) {
    // The loader asked for a longer life than its tags were promised.
    await captureTags(scope.store, lease.tags, times.life + leaseLife, lease.epoch, plan.limits.store).catch(
      () => undefined,
    );
  }
  const fence = wishes.version ?? (value === undefined || value === null ? undefined : plan.version?.(value));
  const version = fence === undefined ? undefined : encodeVersion(checkVersion(fence, 'version'));
  const tags = tagPairs(lease.sortedTags(), lease.versions);
  return {
    granted: lease,
    value: lease.key.stored,
    lease: lease.name,
    token: lease.token,
    life: times.life,
    version,
    isText: payload.isText,
    entry: encodeEntry(
      lease.key.stored,
      { id: randomId(), ...times, epoch: lease.epoch, version, encoding: payload.encoding, cost, tags },
      payload.bytes,
    ),
  };
}

/** A fill, and the lease that it uses up. */
interface Write extends WriteInput {
  readonly granted: Lease;
}

/** When a value stops being fresh, and when it is forgotten. "Nothing there" has no grace. */
export function lifeOf(
  scope: Scope,
  value: unknown,
  wish: number | undefined,
  plan: Plan,
): { freshUntil: number; grace: number; life: number } {
  const isNegative = (value === undefined || value === null) && plan.negativeTtl !== undefined;
  const ttl = isNegative ? (plan.negativeTtl ?? 0) : (wish ?? plan.ttl);
  const grace = isNegative ? 0 : plan.grace;
  if (ttl === Infinity) return { freshUntil: Infinity, grace, life: Infinity };
  const fresh = Math.max(1, Math.ceil(ttl * (1 - plan.jitter * scope.random())));
  return { freshUntil: scope.store.now() + fresh, grace, life: fresh + grace };
}

async function writeAll(scope: Scope, writes: readonly Write[], plan: Plan): Promise<void> {
  const byValue = new Map(writes.map((one) => [one.value, one]));
  await Promise.all(
    chunksOf(scope, [...byValue.keys()]).map(async (values) => {
      const group = values.flatMap((value) => byValue.get(value) ?? []);
      try {
        const words = await scope.store.run(write, group, { deadline: plan.limits.store });
        for (const [index, one] of group.entries()) {
          const word = words[index];
          if (word === 'stored') plan.tally.fill(one.granted.key.raw, one.entry.length);
          else if (word) plan.tally.refuse(one.granted.key.raw, word);
        }
      } catch (error) {
        plan.tally.storeFault('fill', error);
        for (const one of group) {
          plan.tally.refuse(one.granted.key.raw, 'store');
          // A store that is full refuses what is written, not what is deleted: others need not wait for the lease's end.
          void one.granted.release();
        }
      }
    }),
  );
}
