import { CenoteError, UsageError } from '../core/errors.js';
import { encodeEntry, encodeVersion, randomId } from './entry.js';
import { lifeOf, prepare } from './fill.js';
import type { Wanted } from './flights.js';
import { doom, removeKeys } from './invalidation.js';
import { write, type WriteInput } from './operations/index.js';
import type { Payload } from './payload.js';
import type { Call, Plan } from './plan.js';
import { chunksOf } from './removal.js';
import { keep } from './replay.js';
import { epochOf, type Scope } from './scope.js';
import { captureTags, tagPairs } from './tags.js';

/** An entry that a caller writes. */
export interface Entry extends Wanted {
  readonly value: unknown;
  readonly version: number | bigint | undefined;
}

/**
 * Writes entries over whatever is there, and voids their leases. The last writer wins, unless versions decide. One round
 * trip, in operations of 100, another before it for tags. A write that is not acknowledged becomes a kept deletion.
 */
export async function writeEntries(scope: Scope, entries: readonly Entry[], plan: Plan, call: Call): Promise<void> {
  const payloads = await Promise.all(entries.map((entry) => encodeOrThrow(scope, entry, plan)));
  doom(
    scope,
    entries.map(({ key }) => key),
  );
  const start = plan.tally.start();
  const failed: Entry[] = [];
  const byStored = new Map(
    entries.map((entry, index) => [entry.key.stored, { entry, payload: payloads[index] as Encoded }]),
  );
  await Promise.all(
    chunksOf(scope, [...byStored.keys()]).map(async (stored) => {
      const group = stored.flatMap((key) => byStored.get(key) ?? []);
      try {
        await writeGroup(scope, group, plan, call, start);
      } catch (error) {
        plan.tally.storeFault('set', error);
        failed.push(...group.map(({ entry }) => entry));
      }
    }),
  );
  doom(
    scope,
    entries.map(({ key }) => key),
  );
  keepDeletions(scope, failed, plan, start);
  if (failed.length > 0 && call.signal?.aborted) throw call.signal.reason;
}

type Encoded = Payload & { readonly version: string | undefined };

async function encodeOrThrow(scope: Scope, { key, value, version: given }: Entry, plan: Plan): Promise<Encoded> {
  if (value === undefined && plan.negativeTtl === undefined)
    throw new UsageError('value', value, 'must not be undefined: use del, or set a negativeTtl');
  const { payload } = await prepare(scope, key, value, plan);
  if (!payload) throw new CenoteError('CODEC', `the value of ${key.raw} cannot be encoded`);
  const fence = given ?? (value === undefined || value === null ? undefined : plan.version?.(value));
  return { ...payload, version: fence === undefined ? undefined : encodeVersion(fence) };
}

async function writeGroup(
  scope: Scope,
  group: readonly { entry: Entry; payload: Encoded }[],
  plan: Plan,
  call: Call,
  start: number,
): Promise<void> {
  const limits = { signal: call.signal, deadline: call.deadline ?? plan.limits.store };
  const epoch = await epochOf(scope, limits);
  const tags = [...new Map(group.flatMap(({ entry }) => entry.tags.map((tag) => [tag.key, tag]))).values()];
  const captured =
    tags.length === 0 ?
      new Map<string, string>()
    : await captureTags(scope.store, tags, plan.ttl + plan.grace, epoch, limits.deadline);
  if (!captured) {
    // A tag settles: nothing may be stored under it yet, and what is there is no longer wanted.
    await removeKeys(
      scope,
      plan.tally,
      group.map(({ entry }) => entry.key),
      { call, strict: false, settle: 0, version: undefined },
    );
    return;
  }
  const inputs = group.map(({ entry, payload }) => inputOf(scope, entry, payload, epoch, captured, plan));
  const words = await scope.store.run(write, inputs, limits);
  for (const [index, { entry }] of group.entries()) {
    plan.tally.set(
      entry.key.raw,
      words[index] === 'older' ? 'older' : 'stored',
      inputs[index]?.entry.length ?? 0,
      start,
    );
  }
}

function inputOf(
  scope: Scope,
  { key, tags, value }: Entry,
  { encoding, bytes, isText, version }: Encoded,
  epoch: string,
  versions: ReadonlyMap<string, string>,
  plan: Plan,
): WriteInput {
  const times = lifeOf(scope, value, undefined, plan);
  const head = { id: randomId(), ...times, epoch, version, encoding, cost: 0, tags: tagPairs(tags, versions) };
  return {
    value: key.stored,
    lease: scope.common.names.lease(key.stored),
    life: times.life,
    version,
    isText,
    entry: encodeEntry(key.stored, head, bytes),
  };
}

function keepDeletions(scope: Scope, failed: readonly Entry[], plan: Plan, start: number): void {
  if (failed.length === 0) return;
  for (const { key } of failed) plan.tally.set(key.raw, 'kept', 0, start);
  keep(scope, plan.tally, (pending) => {
    for (const { key } of failed) pending.addKey({ stored: key.stored, settle: 0, version: undefined });
  });
}
