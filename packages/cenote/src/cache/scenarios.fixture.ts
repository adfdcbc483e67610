/**
 * The interleavings against which the protocol was made, each played out step by step. A scenario says what a reader was
 * given in the end; `protocol.suite.ts` expects the good answer of the engine as it is, `mutants.test.ts` the bad one of
 * an engine that lacks one safeguard.
 */
import { StoreError } from '../core/errors.js';
import { defineOperation } from '../store/operation.js';
import type { Cache } from './cache.js';
import { Names } from './key.js';
import { Source, type Process, type World } from './world.fixture.js';

/** Whether the reader got the truth of now, or one from before an invalidation that had been acknowledged. */
export type Sight = 'fresh' | 'stale';

/** How truth is made known, and by whom: the process that loads, or another. */
export type Way = 'del' | 'delMultiple' | 'set' | 'setMany' | 'pattern' | 'clear' | 'tag';
export type Where = 'here' | 'elsewhere';

const key = 'k';
const tag = 't';
const entry = { tags: [tag], ttl: '10m' } as const;
const stale = { tags: [tag], ttl: 30, grace: '10m' } as const;

const invalidations: Record<Way, (cache: Cache, source: Source) => Promise<unknown>> = {
  del: (cache) => cache.del(key),
  delMultiple: (cache) => cache.delMultiple(['other', key]),
  set: (cache, source) => cache.set(key, source.row, entry),
  setMany: (cache, source) => cache.setMany([[key, source.row]], entry),
  pattern: (cache) => cache.invalidate('k*'),
  clear: (cache) => cache.clear(),
  tag: (cache) => cache.invalidateTags(tag),
};

const invalidate = ({ cache }: Process, way: Way, source: Source): Promise<unknown> =>
  invalidations[way](cache, source);

function sight(source: Source, ...seen: unknown[]): Sight {
  return seen.every((value) => value === source.row) ? 'fresh' : 'stale';
}

const read = ({ cache }: Process, source: Source): Promise<unknown> => cache.wrap(key, source.load, entry);

/** Load, commit, invalidate, late fill: the load that began before may be stored nowhere. */
export async function lateFill(world: World, way: Way, where: Where): Promise<Sight> {
  const source = new Source();
  const [reader, other] = [world.process(), world.process()];
  const slow = source.slow();
  const first = reader.cache.wrap(key, slow.load, entry);
  await world.soon(slow.hasRead);
  source.row = 'new';
  await world.soon(invalidate(where === 'here' ? reader : other, way, source));
  slow.answer();
  await world.soon(first);
  return sight(source, await world.soon(read(other, source)), await world.soon(read(reader, source)));
}

/** A caller that arrives after the invalidation, while the doomed load still runs. */
export async function joinDoomed(world: World, way: Way, where: Where): Promise<Sight> {
  const source = new Source();
  const [reader, other] = [world.process(), world.process()];
  const slow = source.slow();
  const first = reader.cache.wrap(key, slow.load, entry);
  await world.soon(slow.hasRead);
  source.row = 'new';
  await world.soon(invalidate(where === 'here' ? reader : other, way, source));
  const late = read(reader, source);
  await world.turns();
  slow.answer();
  await world.soon(first);
  return sight(source, await world.soon(late));
}

/** The same for a batch whose keys a single caller, or another batch, is loading. */
export async function joinDoomedBatch(world: World, way: Way, where: Where): Promise<Sight> {
  const source = new Source();
  const [reader, other] = [world.process(), world.process()];
  const slow = source.slow();
  const first = reader.cache.wrapMany(
    [key, 'k2'],
    async (keys) => {
      const row = await slow.load();
      return new Map(keys.map((each) => [each, row]));
    },
    entry,
  );
  await world.soon(slow.hasRead);
  source.row = 'new';
  await world.soon(invalidate(where === 'here' ? reader : other, way, source));
  const late = reader.cache.wrapMany([key, 'k3'], (keys) => new Map(keys.map((each) => [each, source.load()])), entry);
  const single = read(reader, source);
  await world.turns();
  slow.answer();
  await world.soon(first);
  return sight(
    source,
    (await world.soon(late)).get(key),
    await world.soon(single),
    await world.soon(read(other, source)),
  );
}

/** A stale value is being refreshed behind when the truth changes. */
export async function refreshDoomed(world: World, way: Way, where: Where): Promise<Sight> {
  const source = new Source();
  const [reader, other] = [world.process(), world.process()];
  await world.soon(reader.cache.wrap(key, source.load, stale));
  await world.pass(40);
  const slow = source.slow();
  await world.soon(reader.cache.wrap(key, slow.load, stale));
  await world.soon(slow.hasRead);
  source.row = 'new';
  await world.soon(invalidate(where === 'here' ? reader : other, way, source));
  const late = read(reader, source);
  await world.turns();
  slow.answer();
  return sight(
    source,
    await world.soon(late),
    await world.soon(read(other, source)),
    await world.soon(read(reader, source)),
  );
}

/** An asked-for refresh is loading when the truth changes. */
export async function forcedRefreshDoomed(world: World, way: Way, where: Where): Promise<Sight> {
  const source = new Source();
  const [reader, other] = [world.process(), world.process()];
  let load: () => string | Promise<string> = source.load;
  const rows = reader.cache.keyspace('k', { ttl: '10m', load: () => load(), tags: () => [tag] });
  await world.soon(rows.get());
  const slow = source.slow();
  load = slow.load;
  const first = rows.refresh();
  await world.soon(slow.hasRead);
  source.row = 'new';
  load = source.load;
  await world.soon(invalidate(where === 'here' ? reader : other, way, source));
  const late = rows.get();
  await world.turns();
  slow.answer();
  await world.soon(first);
  return sight(source, await world.soon(late), await world.soon(read(other, source)), await world.soon(rows.get()));
}

/** A `refresh` arrives while an older load runs: it must not be answered by it, nor be overwritten by it. */
export async function refreshAgainstLoad(world: World): Promise<Sight> {
  const source = new Source();
  const reader = world.process();
  const slow = source.slow();
  const rows = reader.cache.keyspace('k', { ttl: '10m', load: source.load });
  const first = reader.cache.wrap(key, slow.load);
  await world.soon(slow.hasRead);
  source.row = 'new';
  const refreshed = await world.soon(rows.refresh());
  slow.answer();
  await world.soon(first);
  return sight(source, refreshed, await world.soon(rows.get()));
}

/** A pattern reaches the store's keys while a load moves from its lease to its value. */
export async function fillBetweenPasses(world: World): Promise<Sight> {
  const source = new Source();
  const [reader, other] = [world.process(), world.process()];
  const slow = source.slow();
  const first = reader.cache.wrap(key, slow.load, entry);
  await world.soon(slow.hasRead);
  source.row = 'new';
  const scan = other.store.hold('scan');
  const removed = other.cache.invalidate('k*');
  await world.soon(scan.reached);
  slow.answer();
  await world.soon(first);
  scan.release();
  await world.soon(removed);
  return sight(source, await world.soon(read(reader, source)));
}

/** The tag is invalidated while the loader reads: the entry is stored, and must be dead. */
export async function tagDuringLoad(world: World): Promise<Sight> {
  return lateFill(world, 'tag', 'elsewhere');
}

/** A loader names a tag that it has out of the row itself, which is invalidated before it is named. */
export async function lateTag(world: World): Promise<Sight> {
  const source = new Source();
  const [reader, other] = [world.process(), world.process()];
  const slow = source.slow();
  const first = reader.cache.wrap(key, async ({ addTags }) => {
    const row = await slow.load();
    await addTags('late');
    return row;
  });
  await world.soon(slow.hasRead);
  source.row = 'new';
  await world.soon(other.cache.invalidateTags('late'));
  slow.answer();
  await world.soon(first);
  return sight(source, await world.soon(other.cache.wrap(key, source.load)));
}

/** The same, for a caller that arrived after the invalidation and shared the load. */
export async function lateTagShared(world: World): Promise<Sight> {
  const source = new Source();
  const [reader, other] = [world.process(), world.process()];
  const slow = source.slow();
  const first = reader.cache.wrap(key, async ({ addTags }) => {
    const row = await slow.load();
    await addTags('late');
    return row;
  });
  await world.soon(slow.hasRead);
  source.row = 'new';
  await world.soon(other.cache.invalidateTags('late'));
  const late = reader.cache.wrap(key, source.load);
  await world.turns();
  slow.answer();
  await world.soon(first);
  return sight(source, await world.soon(late));
}

const refused = new StoreError('STORE_REFUSED', 'READONLY');

/** An invalidation cannot reach the store, which still answers reads: this process must not trust what is there. */
export async function keptInvalidation(world: World, way: 'del' | 'pattern' | 'tag'): Promise<Sight> {
  const source = new Source();
  const process = world.process();
  await world.soon(read(process, source));
  source.row = 'new';
  if (way === 'pattern') process.store.fail('scan', refused);
  else process.store.fail(way === 'tag' ? 'run:retire' : 'run:remove', refused);
  await world.soon(invalidate(process, way, source));
  const seen = [read(process, source), process.cache.get(key).then((value) => value ?? source.row)];
  const many = process.cache.getMany([key]).then((values) => values.get(key) ?? source.row);
  return sight(source, ...(await world.soon(Promise.all([...seen, many]))));
}

/** Kept invalidations reach the store when it is back, for all to see. */
export async function replayed(world: World, way: 'del' | 'pattern' | 'tag'): Promise<Sight> {
  const source = new Source();
  const [process, other] = [world.process(), world.process()];
  await world.soon(read(process, source));
  source.row = 'new';
  process.store.takeDown();
  await world.soon(invalidate(process, way, source));
  process.store.restore();
  await world.soon(settled(world, process));
  return sight(source, await world.soon(read(other, source)), await world.soon(read(process, source)));
}

async function settled(world: World, { cache }: Process): Promise<void> {
  while ((await cache.stats()).pending > 0) await world.turns();
}

/** A kept tag invalidation, and a load under that tag which somebody would like to share. */
export async function joinUnderKeptTag(world: World): Promise<Sight> {
  const source = new Source();
  const process = world.process();
  const slow = source.slow();
  const first = process.cache.wrap(key, async ({ addTags }) => {
    await addTags('added');
    return slow.load();
  });
  await world.soon(slow.hasRead);
  source.row = 'new';
  process.store.fail('run:retire', refused, 3);
  await world.soon(process.cache.invalidateTags('added'));
  const late = process.cache.wrap(key, source.load);
  await world.turns();
  slow.answer();
  await world.soon(first);
  return sight(source, await world.soon(late));
}

/** A read is under way while the kept invalidation of what it reads is replayed. */
export async function readAcrossReplay(world: World, way: 'key' | 'keys' | 'carried tag'): Promise<Sight> {
  const source = new Source();
  const process = world.process();
  await world.soon(read(process, source));
  source.row = 'new';
  process.store.fail(way === 'carried tag' ? 'run:retire' : 'run:remove', refused);
  await world.soon(invalidate(process, way === 'carried tag' ? 'tag' : 'del', source));
  const reply = process.store.hold('read', 'after');
  const seen = way === 'keys' ? process.cache.getMany([key]).then((all) => all.get(key)) : process.cache.get(key);
  await world.turns();
  await world.soon(settled(world, process));
  reply.release();
  return sight(source, (await world.soon(seen)) ?? source.row);
}

/** Without the store's word nobody shares a load that has begun. */
export async function joinUnleased(world: World): Promise<Sight> {
  const source = new Source();
  const process = world.process();
  process.store.takeDown();
  const slow = source.slow();
  const first = process.cache.wrap(key, slow.load);
  await world.soon(slow.hasRead);
  source.row = 'new';
  await world.soon(process.cache.del(key));
  const late = process.cache.wrap(key, source.load);
  await world.turns();
  slow.answer();
  await world.soon(first);
  return sight(source, await world.soon(late));
}

/** Another server takes over with what the old one held, and an invalidation is forgotten. */
export async function failover(world: World): Promise<Sight> {
  const source = new Source();
  const process = world.process();
  await world.soon(read(process, source));
  source.row = 'new';
  process.store.restore('another');
  return sight(source, await world.soon(read(process, source)), await world.soon(read(process, source)));
}

/** The same while a load is under way, which somebody would like to share. */
export async function joinAcrossFailover(world: World): Promise<Sight> {
  const source = new Source();
  const process = world.process();
  const slow = source.slow();
  const first = process.cache.wrap(key, slow.load);
  await world.soon(slow.hasRead);
  source.row = 'new';
  process.store.restore('another');
  const late = process.cache.wrap(key, source.load);
  await world.turns();
  slow.answer();
  await world.soon(first);
  return sight(source, await world.soon(late), await world.soon(process.cache.wrap(key, source.load)));
}

/**
 * A server takes over that has never heard of an acknowledged invalidation, and a keyspace trusts what it finds there: by
 * the time the new server is in use, it is told again.
 */
export async function lostByFailover(world: World, way: 'del' | 'pattern' | 'tag'): Promise<Sight> {
  const source = new Source();
  const [writer, other] = [world.process(), world.process()];
  const trusting = ({ cache }: Process) =>
    cache.keyspace(key, { ...entry, tags: () => entry.tags, onFailover: 'trust', load: source.load });
  const [rows, others] = [trusting(writer), trusting(other)];
  await world.soon(rows.get());
  const replica = await photograph(world, other);
  source.row = 'new';
  await world.soon(invalidate(writer, way, source));
  await replica.takeOver();
  other.store.restore('another');
  writer.store.restore('another');
  const meanwhile = await world.soon(rows.get());
  await world.soon(settled(world, writer));
  return sight(source, meanwhile, await world.soon(others.get()), await world.soon(rows.get()));
}

/** For some time two servers are in use: one process has moved to the new one and loads there, when another invalidates on the old one. */
export async function splitBrain(world: World, way: 'del' | 'pattern' | 'tag', what: 'value' | 'load'): Promise<Sight> {
  const source = new Source();
  const [writer, moved] = [world.process(), world.process()];
  moved.store.restore('another');
  const slow = source.slow();
  const first = moved.cache.wrap(key, slow.load, entry);
  await world.soon(slow.hasRead);
  if (what === 'value') {
    slow.answer();
    await world.soon(first);
  }
  const replica = await photograph(world, moved);
  source.row = 'new';
  await world.soon(invalidate(writer, way, source));
  await replica.takeOver();
  writer.store.restore('another');
  await world.soon(settled(world, writer));
  slow.answer();
  await world.soon(first);
  return sight(source, await world.soon(read(moved, source)), await world.soon(read(writer, source)));
}

/** A pattern is nearly done when another server takes over, which has seen nothing of it. */
export async function patternAcrossFailover(world: World): Promise<Sight> {
  const source = new Source();
  const [writer, moved] = [world.process(), world.process()];
  moved.store.restore('another');
  await world.soon(read(moved, source));
  const replica = await photograph(world, moved);
  source.row = 'new';
  const removal = writer.store.hold('run:remove', 'after');
  const removed = writer.cache.invalidate('k*');
  await world.soon(removal.reached);
  await replica.takeOver();
  writer.store.restore('another');
  removal.release();
  await world.soon(removed);
  await world.soon(settled(world, writer));
  return sight(source, await world.soon(read(moved, source)));
}

/** What a replica holds of the row, and will hold when it takes over without having heard of anything since. */
async function photograph(world: World, process: Process): Promise<{ takeOver(): Promise<void> }> {
  const names = new Names(world.prefix);
  const stored = names.stored(key);
  const all = [stored, names.lease(stored), names.tag(tag)];
  const photo = await world.soon(process.store.read(all));
  return {
    async takeOver() {
      for (const [place, bytes] of photo.entries())
        if (bytes) await world.soon(overwrite(process, all[place] as string, bytes));
    },
  };
}

/** The source lags behind the invalidation, which therefore asks for time to settle. */
export async function laggingSource(world: World, way: 'del' | 'tag'): Promise<Sight> {
  const source = new Source();
  const [reader, writer] = [world.process(), world.process()];
  await world.soon(read(reader, source));
  const options = { settle: 400 } as const;
  await world.soon<unknown>(way === 'tag' ? writer.cache.invalidateTags(tag, options) : writer.cache.del(key, options));
  await world.soon(read(reader, source));
  await world.pass(420);
  source.row = 'new';
  return sight(source, await world.soon(read(reader, source)), await world.soon(read(writer, source)));
}

/** The source lags, and an invalidation says which version truth has reached. */
export async function laggingVersion(
  world: World,
  said: 'by the invalidation' | 'by the removed entry',
): Promise<Sight> {
  const [reader, writer] = [world.process(), world.process()];
  let row = { version: 6, text: 'old' };
  const get = ({ cache }: Process): Promise<{ text: string }> =>
    world.soon(
      cache.wrap(key, ({ setVersion }) => {
        setVersion(row.version);
        return row;
      }),
    );
  await get(reader);
  await world.soon(writer.cache.del(key, said === 'by the invalidation' ? { version: 7 } : {}));
  await get(reader);
  row = { version: 7, text: 'new' };
  const seen = [await get(reader), await get(writer)];
  return seen.every(({ text }) => text === 'new') ? 'fresh' : 'stale';
}

/** Two loads of one key end in the wrong order: the newer version stays. */
export async function olderVersionLast(world: World): Promise<Sight> {
  const [one, other] = [world.process(), world.process()];
  await world.soon(one.cache.set(key, 'new', { version: 10 }));
  await world.soon(other.cache.set(key, 'old', { version: 9 }));
  return (await world.soon(one.cache.get(key))) === 'new' ? 'fresh' : 'stale';
}

/** A set that may or may not have happened is followed by a change of truth that only the writer knows. */
export async function unacknowledgedSet(world: World): Promise<Sight> {
  const process = world.process();
  process.store.dropReply('run:write');
  await world.soon(process.cache.set(key, 'old'));
  await world.soon(settled(world, process));
  return (await world.soon(process.cache.get(key))) === undefined ? 'fresh' : 'stale';
}

/** One digit of a stored value changes. */
export async function flippedDigit(world: World): Promise<'refused' | 'served'> {
  const process = world.process();
  await world.soon(process.cache.set(key, { price: 100 }));
  const { stored } = await world.soon(process.cache.inspect(key));
  const bytes = await world.soon(process.store.readOne(stored));
  const damaged = Buffer.from((bytes as Buffer).toString('latin1').replace('100', '900'), 'latin1');
  await world.soon(overwrite(process, stored, damaged));
  return (await world.soon(process.cache.get(key))) === undefined ? 'refused' : 'served';
}

/** An entry that a reader rejects must not keep others from loading. */
export async function rejectedEntry(world: World, why: 'tag' | 'damage' | 'epoch'): Promise<'replaced' | 'in the way'> {
  const source = new Source();
  const process = world.process();
  await world.soon(read(process, source));
  if (why === 'tag') await world.soon(process.cache.invalidateTags(tag));
  if (why === 'epoch') process.store.restore('another');
  if (why === 'damage') {
    const { stored } = await world.soon(process.cache.inspect(key));
    const bytes = (await world.soon(process.store.readOne(stored))) as Buffer;
    await world.soon(overwrite(process, stored, bytes.subarray(0, -1)));
  }
  await world.soon(read(process, source));
  await world.soon(read(process, source));
  return source.loads === 2 ? 'replaced' : 'in the way';
}

/** A good entry appears between the look that found none and the question for the lease. */
export async function entryAppears(world: World): Promise<'shared' | 'loaded again'> {
  const source = new Source();
  const [one, other] = [world.process(), world.process()];
  const asks = one.store.hold('run:acquire');
  const first = read(one, source);
  await world.soon(asks.reached);
  await world.soon(read(other, source));
  asks.release();
  await world.soon(first);
  return source.loads === 1 ? 'shared' : 'loaded again';
}

/** The grant of a lease comes too late for who asked for it. */
export async function lateGrant(world: World): Promise<'given back' | 'kept'> {
  const source = new Source();
  const [one, other] = [world.process(), world.process()];
  one.store.dropReply('run:acquire');
  await world.soon(read(one, source));
  await world.soon(read(other, source));
  return other.store.calls.filter((call) => call === 'run:acquire').length === 1 ? 'given back' : 'kept';
}

/** Writes bytes under a stored key, as a disk, a network or another program might. */
export function overwrite({ store }: Process, stored: string, bytes: Uint8Array): Promise<void> {
  return store.run(overwriteOperation, { stored, bytes });
}

const overwriteOperation = defineOperation<{ stored: string; bytes: Uint8Array }, void>({
  name: 'test:overwrite',
  lua: "redis.call('SET', KEYS[1], ARGV[1]) return 1",
  invalidates: false,
  encode: ({ stored, bytes }) => ({ keys: [stored], args: [bytes] }),
  local(data, { keys: [stored = ''], args: [bytes = ''] }) {
    data.set(stored, bytes);
    return 1;
  },
  decode: () => undefined,
});
