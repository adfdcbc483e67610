/**
 * What can go wrong with a copy in memory, each played out step by step. A scenario says what a reader was given in the
 * end; `near.test.ts` expects the good answer of the tier as it is, `near-mutants.test.ts` the bad one of a tier that lacks
 * one safeguard.
 */
import type { Sight } from '../scenarios.fixture.js';
import { Source, type Process, type World } from '../world.fixture.js';

const key = 'k';
const tag = 't';

/** Milliseconds. */
export const bound = 1_000;

export type Change = 'del' | 'set' | 'tag' | 'pattern';

const changes: Record<Change, (process: Process, source: Source) => Promise<unknown>> = {
  del: ({ cache }) => cache.del(key),
  set: ({ cache }, source) => cache.set(key, source.row, { tags: [tag] }),
  tag: ({ cache }) => cache.invalidateTags(tag),
  pattern: ({ cache }) => cache.invalidate('*'),
};

const open = (world: World): Process => world.process({ ttl: '10m', near: { bound } });

const read = ({ cache }: Process, source: Source): Promise<unknown> => cache.wrap(key, source.load, { tags: [tag] });

/** Without naming the tag that the entry carries. */
const get = async ({ cache }: Process, source: Source): Promise<unknown> => (await cache.get(key)) ?? source.row;

/** A reader whose memory holds the row, and a writer in another process. */
async function warm(world: World): Promise<{ source: Source; reader: Process; writer: Process }> {
  const source = new Source();
  const [reader, writer] = [open(world), open(world)];
  await world.soon(read(reader, source));
  await world.soon(read(reader, source));
  const before = (await reader.cache.stats()).near;
  await world.soon(read(reader, source));
  if ((await reader.cache.stats()).near === before) throw new Error('the row should be in memory by now');
  return { source, reader, writer };
}

const sight = (source: Source, ...seen: unknown[]): Sight =>
  seen.every((value) => value === source.row) ? 'fresh' : 'stale';

const settle = (world: World): Promise<void> => world.turns();

/** Another process changes what this one holds. */
export async function changeElsewhere(world: World, change: Change): Promise<Sight> {
  const { source, reader, writer } = await warm(world);
  source.row = 'new';
  await world.soon(changes[change](writer, source));
  return sight(source, await world.soon(get(reader, source)), await world.soon(read(reader, source)));
}

/** The change is told before the reply that carries the value of before it. */
export async function changeOvertakesReply(world: World, change: Change): Promise<Sight> {
  const source = new Source();
  const [reader, writer] = [open(world), open(world)];
  await world.soon(read(writer, source));
  const reply = reader.store.hold('read', 'after');
  const early = read(reader, source);
  await world.soon(reply.reached);
  source.row = 'new';
  await world.soon(changes[change](writer, source));
  reply.release();
  await world.soon(early);
  return sight(source, await world.soon(get(reader, source)), await world.soon(read(reader, source)));
}

/** A tag that only the entry knew changes while its version is on the way. */
export async function tagOvertakesSecondReply(world: World): Promise<Sight> {
  const source = new Source();
  const [reader, writer] = [open(world), open(world)];
  await world.soon(read(writer, source));
  const reply = reader.store.hold('read', 'after');
  const early = get(reader, source);
  await world.soon(reply.reached);
  source.row = 'new';
  await world.soon(writer.cache.invalidateTags(tag));
  reply.release();
  await world.soon(early);
  return sight(source, await world.soon(get(reader, source)), await world.soon(read(reader, source)));
}

/** The feed is lost and found again while a reply is on the way; what changed meanwhile is never told. */
export async function feedLostDuringRead(world: World): Promise<Sight> {
  const source = new Source();
  const [reader, writer] = [open(world), open(world)];
  await world.soon(read(writer, source));
  const reply = reader.store.hold('read', 'after');
  const early = read(reader, source);
  await world.soon(reply.reached);
  reader.store.feed.cut();
  source.row = 'new';
  await world.soon(writer.cache.del(key));
  reader.store.feed.mend();
  await world.soon(reader.cache.get('another, which finds the tier alive'));
  reply.release();
  await world.soon(early);
  return sight(source, await world.soon(read(reader, source)));
}

/** The feed is lost and found again; what changed meanwhile is never told. */
export async function feedLost(world: World, change: Change): Promise<Sight> {
  const { source, reader, writer } = await warm(world);
  reader.store.feed.cut();
  source.row = 'new';
  await world.soon(changes[change](writer, source));
  const meanwhile = await world.soon(read(reader, source));
  reader.store.feed.mend();
  return sight(source, meanwhile, await world.soon(read(reader, source)), await world.soon(read(reader, source)));
}

/** Nothing is told any more, and nobody notices. */
export async function silence(world: World, change: Change): Promise<Sight> {
  const { source, reader, writer } = await warm(world);
  reader.store.feed.silence();
  source.row = 'new';
  await world.soon(changes[change](writer, source));
  await world.pass(bound);
  return sight(source, await world.soon(read(reader, source)));
}

/** The process is frozen, with a look behind it that was good then. */
export async function frozen(world: World): Promise<Sight> {
  const { source, reader, writer } = await warm(world);
  await read(reader, source);
  reader.store.feed.silence();
  source.row = 'new';
  await world.soon(writer.cache.del(key));
  world.clock.block(5 * bound);
  await settle(world);
  return sight(source, await world.soon(read(reader, source)));
}

/** The machine sleeps: its monotonic clock with it, and the feed is not yet known to be lost. */
export async function suspended(world: World): Promise<Sight> {
  const { source, reader, writer } = await warm(world);
  reader.store.feed.silence();
  source.row = 'new';
  await world.soon(writer.cache.del(key));
  world.clock.set(world.clock.now() + 60_000);
  await settle(world);
  return sight(source, await world.soon(read(reader, source)));
}

/** This process reads between asking for an invalidation and its acknowledgement, and is told of nothing. */
export async function readDuringOwn(world: World, change: Change): Promise<Sight> {
  const { source, reader } = await warm(world);
  reader.store.feed.silence();
  const asks = reader.store.hold(
    { del: 'run:remove', set: 'run:write', tag: 'run:retire', pattern: 'scan' }[change] as 'run',
  );
  source.row = 'new';
  const changing = changes[change](reader, source);
  await world.soon(asks.reached);
  await world.soon(get(reader, source));
  await world.soon(get(reader, source));
  asks.release();
  await world.soon(changing);
  return sight(source, await world.soon(get(reader, source)), await world.soon(read(reader, source)));
}

/** An invalidation that the store refuses is kept; reads that begin at whatever moment of it leave no copy behind. */
export async function readsDuringKept(world: World, change: 'del' | 'tag' | 'pattern'): Promise<Sight> {
  const { source, reader } = await warm(world);
  reader.store.fail(({ del: 'run:remove', tag: 'run:retire', pattern: 'scan' } as const)[change], undefined, 10_000);
  source.row = 'new';
  const changing = changes[change](reader, source);
  const during: Promise<unknown>[] = [];
  for (let tick = 0; tick < 60; tick++) {
    during.push(reader.cache.get(key));
    await Promise.resolve();
  }
  await world.soon(Promise.all([changing, ...during]));
  return sight(source, await world.soon(get(reader, source)), await world.soon(read(reader, source)));
}

/** A batch asks for a tag on behalf of one entry that another one carries unasked. */
export async function tagOfNeighbour(world: World): Promise<Sight> {
  const rows = new Map([
    ['a', 'old'],
    ['b', 'old'],
  ]);
  const users = (process: Process) =>
    process.cache.keyspace('user:{id}', {
      tags: ({ id }) => [`user:${id}`],
      load: async ({ id }, { addTags }) => {
        // b's page shows a's name.
        if (id === 'b') await addTags('user:a');
        return `${rows.get(String(id))} ${id === 'b' ? rows.get('a') : ''}`;
      },
    });
  const [reader, writer] = [open(world), open(world)];
  const mine = users(reader);
  for (let reads = 0; reads < 3; reads++) await world.soon(mine.getMany([{ id: 'a' }, { id: 'b' }]));
  rows.set('a', 'new');
  await world.soon(writer.cache.invalidateTags('user:a'));
  const seen = [await world.soon(mine.get({ id: 'b' })), ...(await world.soon(mine.getMany([{ id: 'b' }])))];
  return seen.every((value) => value === 'old new') ? 'fresh' : 'stale';
}

/** Another server takes over, with what the old one held. */
export async function failover(world: World): Promise<Sight> {
  const { source, reader } = await warm(world);
  source.row = 'new';
  reader.store.restore('another');
  return sight(source, await world.soon(read(reader, source)), await world.soon(read(reader, source)));
}
