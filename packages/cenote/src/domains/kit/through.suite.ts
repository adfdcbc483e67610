import { afterEach, beforeEach, expect, test } from 'vitest';

import { Source, type World } from '../../cache/world.fixture.js';
import { LoadTimeoutError } from '../../core/errors.js';
import { Cells } from './cell.fixture.js';
import { claim } from './claim.js';
import { leaseLife } from './lease.js';
import { domainProcess, type DomainProcess, type Suite } from './worlds.fixture.js';

type Process = DomainProcess<Cells>;

function open(world: World): Process {
  return domainProcess(world, (options) => new Cells(options));
}

function count(process: Process, call: string): number {
  return process.store.calls.filter((each) => each === call).length;
}

function refusals({ events }: Process): string[] {
  return events.flatMap((event) => (event.type === 'refuse' ? [event.reason] : []));
}

/** Milliseconds that the lease of a cell still lives. */
function leaseLeft({ domain: { ground }, store }: Process, id: string): Promise<number | undefined> {
  return store.expiry(ground.lease(ground.key('cell', id)));
}

/** The read-through twin on whatever store, by interleavings that are scripted. */
export const throughSuite: Suite = (makeWorld) => {
  let world: World;
  let source: Source;
  beforeEach(() => {
    world = makeWorld();
    source = new Source();
  });
  afterEach(() => world.close());

  test('a cold read loads and stores; the next one finds it, in any process', async () => {
    const [a, b] = [open(world), open(world)];
    expect(await world.soon(a.domain.load('1', source.load))).toBe('old');
    expect(await b.domain.get('1')).toBe('old');
    expect(await world.soon(b.domain.load('1', source.load))).toBe('old');
    expect(source.loads).toBe(1);
    expect(await leaseLeft(a, '1')).toBeUndefined();
    expect(a.events.map(({ type }) => type)).toEqual(['miss', 'load', 'fill']);
    expect(b.events.map(({ type }) => type)).toEqual(['hit', 'hit']);
  });

  test('a thousand callers of one moment cost one load and two questions', async () => {
    const process = open(world);
    const question = process.store.hold('run:claim');
    const all = Promise.all(Array.from({ length: 1_000 }, () => process.domain.load('1', source.load)));
    await question.reached;
    while (process.events.length < 1_000) await world.turns();
    question.release();
    expect(new Set(await world.soon(all))).toEqual(new Set(['old']));
    expect(source.loads).toBe(1);
    expect(count(process, 'run:claim')).toBe(2);
  });

  test('two processes on one cold key load once', async () => {
    const [a, b] = [open(world), open(world)];
    const slow = source.slow();
    const first = a.domain.load('1', slow.load);
    await slow.hasRead;
    const second = b.domain.load('1', source.load);
    await world.turns();
    slow.answer();
    expect(await world.soon(Promise.all([first, second]))).toEqual(['old', 'old']);
    expect(source.loads).toBe(1);
  });

  test('a value that appears between looking and asking is found: no second load', async () => {
    const [a, b] = [open(world), open(world)];
    const held = a.store.hold('run:claim');
    const first = a.domain.load('1', source.load);
    await held.reached;
    await world.soon(b.domain.load('1', source.load));
    held.release();
    expect(await world.soon(first)).toBe('old');
    expect(source.loads).toBe(1);
    await world.turns();
    expect(await leaseLeft(a, '1')).toBeUndefined();
  });

  test('a load that a write overtook is not stored: its caller alone has it', async () => {
    const [a, b] = [open(world), open(world)];
    const slow = source.slow();
    const late = a.domain.load('1', slow.load);
    await slow.hasRead;
    source.row = 'new';
    expect(await b.domain.set('1', 'new')).toBe(true);
    slow.answer();
    expect(await world.soon(late)).toBe('old');
    expect(refusals(a)).toEqual(['voided']);
    expect(await a.domain.get('1')).toBe('new');
  });

  test('who comes after a write does not join the load that it overtook', async () => {
    const [a, b] = [open(world), open(world)];
    const slow = source.slow();
    const doomed = a.domain.load('1', slow.load);
    await slow.hasRead;
    source.row = 'new';
    await b.domain.set('1', 'newer');
    await b.store.delete([b.domain.ground.key('cell', '1')]);
    const next = await world.soon(a.domain.load('1', source.load));
    expect(next).toBe('new');
    slow.answer();
    expect(await world.soon(doomed)).toBe('old');
    expect(await a.domain.get('1')).toBe('new');
    expect(source.loads).toBe(2);
  });

  test('who comes while the lease is held joins, with the word of the store', async () => {
    const process = open(world);
    const slow = source.slow();
    const first = process.domain.load('1', slow.load);
    await slow.hasRead;
    const asked = count(process, 'run:claim');
    const second = process.domain.load('1', source.load);
    await world.turns();
    expect(count(process, 'run:claim')).toBe(asked + 1);
    slow.answer();
    expect(await world.soon(Promise.all([first, second]))).toEqual(['old', 'old']);
    expect(source.loads).toBe(1);
    expect(process.events.filter(({ type }) => type === 'share')).toHaveLength(1);
  });

  test('reads of different shapes do not share, nor hinder each other for long', async () => {
    const process = open(world);
    const slow = source.slow();
    const first = process.domain.load('1', slow.load, { shape: 'a' });
    await slow.hasRead;
    const second = process.domain.load('1', () => 'of b', { shape: 'b', deadline: '1s' });
    expect(await world.soon(second)).toBe('of b');
    slow.answer();
    expect(await world.soon(first)).toBe('old');
  });

  test('a holder that died is replaced once its lease has expired', async () => {
    const process = open(world);
    const { ground } = process.domain;
    const epoch = await ground.epoch({});
    const lease = ground.lease(ground.key('cell', '1'));
    await process.store.run(claim, { lease, epoch, token: `${epoch}.dead`, life: 100 });
    const read = process.domain.load('1', source.load);
    await world.turns();
    expect(source.loads).toBe(0);
    await world.pass(150);
    expect(await world.soon(read)).toBe('old');
    expect(refusals(process)).toEqual([]);
    expect(await process.domain.get('1')).toBe('old');
  });

  test('a lease is kept alive while its loader runs', async () => {
    const process = open(world);
    const slow = source.slow();
    const read = process.domain.load('1', slow.load);
    await slow.hasRead;
    await world.pass(leaseLife / 3 + 100);
    expect(count(process, 'run:renew')).toBe(1);
    expect(await leaseLeft(process, '1')).toBeGreaterThan(leaseLife - 1_000);
    slow.answer();
    expect(await world.soon(read)).toBe('old');
    await world.pass(leaseLife / 3 + 100);
    expect(count(process, 'run:renew')).toBe(1);
  });

  test('whoever has waited long enough for another process loads without storing', async () => {
    const [a, b] = [open(world), open(world)];
    const slow = source.slow();
    const first = a.domain.load('1', slow.load);
    await slow.hasRead;
    source.row = 'new';
    expect(await world.soon(b.domain.load('1', source.load, { deadline: '100ms' }))).toBe('new');
    expect(refusals(b)).toEqual(['unleased']);
    slow.answer();
    expect(await world.soon(first)).toBe('old');
  });

  test("a loader's error goes to all who shared it, and the lease back", async () => {
    const process = open(world);
    const slow = source.slow();
    const broken = async (): Promise<string> => {
      await slow.load();
      throw new Error('no such table');
    };
    const first = process.domain.load('1', broken);
    await slow.hasRead;
    const second = process.domain.load('1', broken);
    await world.turns();
    slow.answer();
    const outcomes = await world.soon(Promise.allSettled([first, second]));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(first).rejects.toThrow('no such table');
    await world.turns();
    expect(await leaseLeft(process, '1')).toBeUndefined();
    expect(await world.soon(process.domain.load('1', source.load))).toBe('old');
  });

  test('nothing is returned and not stored, and the lease given back', async () => {
    const process = open(world);
    expect(await world.soon(process.domain.load('1', () => undefined))).toBeUndefined();
    await world.turns();
    expect(await leaseLeft(process, '1')).toBeUndefined();
    expect(await process.domain.get('1')).toBeUndefined();
  });

  test('a loader has a hard limit', async () => {
    const process = open(world);
    const context: { signal?: AbortSignal } = {};
    const read = process.domain.load(
      '1',
      ({ signal }) => {
        context.signal = signal;
        return new Promise<string>(() => {});
      },
      { deadline: '2s' },
    );
    await expect(world.soon(read)).rejects.toBeInstanceOf(LoadTimeoutError);
    expect(context.signal?.aborted).toBe(true);
    await world.turns();
    expect(await leaseLeft(process, '1')).toBeUndefined();
  });

  test('when all who waited have gone, the load ends and the lease goes back', async () => {
    const process = open(world);
    const controllers = [new AbortController(), new AbortController()];
    const context: { signal?: AbortSignal } = {};
    const reads = controllers.map(({ signal }) =>
      process.domain.load(
        '1',
        (given) => {
          context.signal = given.signal;
          return new Promise<string>(() => {});
        },
        { signal },
      ),
    );
    const outcomes = Promise.allSettled(reads);
    while (!context.signal) await world.turns();
    controllers[0]!.abort(new Error('gone'));
    await world.turns();
    expect(context.signal.aborted).toBe(false);
    controllers[1]!.abort(new Error('gone too'));
    expect((await world.soon(outcomes)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(context.signal.aborted).toBe(true);
    await world.turns();
    expect(await leaseLeft(process, '1')).toBeUndefined();
    expect(await world.soon(process.domain.load('1', source.load))).toBe('old');
  });

  test('a lease granted to callers who have gone is given back', async () => {
    const process = open(world);
    const held = process.store.hold('run:claim', 'after');
    const controller = new AbortController();
    const read = process.domain.load('1', source.load, { signal: controller.signal });
    await held.reached;
    controller.abort(new Error('gone'));
    await expect(world.soon(read)).rejects.toThrow('gone');
    expect(await leaseLeft(process, '1')).toBeGreaterThan(0);
    held.release();
    await world.turns();
    expect(await leaseLeft(process, '1')).toBeUndefined();
    expect(source.loads).toBe(0);
  });

  test('with the store away the loader answers; nobody joins a load that has begun', async () => {
    const process = open(world);
    process.store.takeDown();
    const slow = source.slow();
    const first = process.domain.load('1', slow.load);
    await slow.hasRead;
    source.row = 'new';
    expect(await world.soon(process.domain.load('1', source.load))).toBe('new');
    slow.answer();
    expect(await world.soon(first)).toBe('old');
    const loads = source.loads;
    await world.soon(Promise.all(Array.from({ length: 50 }, () => process.domain.load('2', source.load))));
    expect(source.loads - loads).toBeLessThanOrEqual(2);
    expect(process.events.filter(({ type }) => type === 'store-fault').length).toBeGreaterThan(0);
    process.store.restore();
    expect(await process.domain.get('1')).toBeUndefined();
  });

  test('a fill that is not acknowledged fails nobody', async () => {
    const process = open(world);
    process.store.fail('run:cell:fill');
    expect(await world.soon(process.domain.load('1', source.load))).toBe('old');
    expect(refusals(process)).toEqual(['store']);
    await world.turns();
    expect(await leaseLeft(process, '1')).toBeUndefined();
  });

  test('a write that is kept: this process passes the store by until it has been told', async () => {
    const [a, b] = [open(world), open(world)];
    await world.soon(a.domain.load('1', source.load));
    source.row = 'new';
    a.store.fail('run:cell:set').fail('delete', undefined, 2);
    expect(await a.domain.set('1', 'new')).toBe(false);
    expect(await a.domain.get('1')).toBeUndefined();
    expect(await world.soon(b.domain.load('1', source.load))).toBe('old');
    expect(await world.soon(a.domain.load('1', source.load, { deadline: '1s' }))).toBe('new');
    await world.clock.elapse(2_000);
    await world.turns();
    expect(await world.soon(b.domain.load('1', source.load))).toBe('new');
    expect(await a.domain.get('1')).toBe('new');
    expect(a.events.map(({ type }) => type)).toEqual(expect.arrayContaining(['store-fault', 'keep', 'replay']));
  });

  test('a load that began before a write that is kept stores nothing', async () => {
    const process = open(world);
    const slow = source.slow();
    const late = process.domain.load('1', slow.load);
    await slow.hasRead;
    process.store.fail('run:cell:set').fail('delete', undefined, 99);
    await process.domain.set('1', 'new');
    slow.answer();
    expect(await world.soon(late)).toBe('old');
    expect(refusals(process)).toEqual(['voided']);
    expect(await open(world).domain.get('1')).toBeUndefined();
  });

  test('the drop of a write that was kept voids the loads of other processes too', async () => {
    const [a, b] = [open(world), open(world)];
    const slow = source.slow();
    const late = b.domain.load('1', slow.load);
    await slow.hasRead;
    a.store.fail('run:cell:set');
    await a.domain.set('1', 'new');
    while (a.domain.ground.kept.size > 0) await world.pass(20);
    slow.answer();
    expect(await world.soon(late)).toBe('old');
    expect(refusals(b)).toEqual(['voided']);
    expect(await b.domain.get('1')).toBeUndefined();
  });

  test('a lease whose grant was not heard of is given back', async () => {
    const process = open(world);
    process.store.dropReply('run:claim');
    expect(await world.soon(process.domain.load('1', source.load))).toBe('old');
    expect(refusals(process)).toEqual(['unleased']);
    await world.turns();
    expect(await leaseLeft(process, '1')).toBeUndefined();
  });

  test('what another server left behind is cold, its leases bind nobody, and no load from before is stored', async () => {
    const [process, dead] = [open(world), open(world)];
    await world.soon(process.domain.load('1', source.load));
    const slow = source.slow();
    const late = process.domain.load('2', slow.load);
    await slow.hasRead;
    const { ground } = dead.domain;
    const epoch = await ground.epoch({});
    const lease = ground.lease(ground.key('cell', '3'));
    await dead.store.run(claim, { lease, epoch, token: `${epoch}.dead`, life: leaseLife });

    process.store.restore('another');
    source.row = 'new';
    expect(await process.domain.get('1')).toBeUndefined();
    expect(await world.soon(process.domain.load('1', source.load))).toBe('new');
    slow.answer();
    expect(await world.soon(late)).toBe('old');
    expect(refusals(process)).toEqual(['voided']);
    expect(await world.soon(process.domain.load('2', source.load))).toBe('new');
    expect(await world.soon(process.domain.load('3', source.load, { deadline: '100ms' }))).toBe('new');
    expect(await process.domain.get('3')).toBe('new');
  });
};
