import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { memoryWorld, type World } from '../../cache/world.fixture.js';
import { StoreError } from '../../core/errors.js';
import { hashSlot } from '../../core/slot.js';
import { memoryStore } from '../../store/memory/memory-store.js';
import { resolveDomainCall } from './call.js';
import { Cells } from './cell.fixture.js';
import { Ground, type DomainOptions } from './ground.js';
import { maximumKept } from './kept.js';
import { domainProcess } from './worlds.fixture.js';

const usage = (field: string): Error => expect.objectContaining({ name: 'UsageError', field }) as Error;

describe('options', () => {
  test.each([
    [{}, 'options.store'],
    [{ store: {} }, 'options.store'],
    [{ store: memoryStore(), stroe: 1 }, 'options.stroe'],
    [{ store: memoryStore(), prefix: 'a b' }, 'prefix'],
    [{ store: memoryStore(), prefix: 'app:lease' }, 'prefix'],
    [{ store: memoryStore(), name: '' }, 'name'],
    [{ store: memoryStore(), onEvent: 1 }, 'options.onEvent'],
    [{ store: memoryStore(), clock: {} }, 'options.clock'],
    [{ store: memoryStore(), random: 1 }, 'options.random'],
  ])('%# names %s', (options, field) => {
    expect(() => new Ground(options as unknown as DomainOptions, [], 'test')).toThrow(usage(field));
  });

  test('those of a domain are known by their names', () => {
    expect(() => new Ground({ store: memoryStore(), most: 1 } as DomainOptions, ['most'], 'test')).not.toThrow();
  });
});

describe('a call', () => {
  test.each([
    [{ singal: undefined }, 'options.singal'],
    [{ near: false }, 'options.near'],
    [{ signal: {} }, 'options.signal'],
    [{ deadline: -1 }, 'options.deadline'],
    [{ deadline: { store: 1 } }, 'options.deadline'],
    [5, 'options'],
  ])('%o is refused', (options, field) => {
    expect(() => resolveDomainCall(options)).toThrow(usage(field));
  });

  test('a deadline bounds the call, the wait and the load', () => {
    const { signal } = new AbortController();
    expect(resolveDomainCall({ deadline: '2s', signal })).toEqual({
      signal,
      deadline: 2_000,
      hard: 2_000,
      wait: 2_000,
    });
    expect(resolveDomainCall({ deadline: '1m' })).toEqual({ deadline: 60_000, hard: 30_000, wait: 5_000 });
    expect(resolveDomainCall(undefined)).toEqual({ hard: 30_000, wait: 5_000 });
    expect(resolveDomainCall({ limit: 1 }, ['limit'])).toEqual({ hard: 30_000, wait: 5_000 });
  });
});

describe('keys', () => {
  const ground = new Ground({ store: memoryStore(), prefix: 'app' }, [], 'test');

  test('of one id, and their leases, lie in one slot', () => {
    expect(ground.key('message', '7')).toBe('app:message:{7}');
    expect(ground.key('unread', '7', '3')).toBe('app:unread:{7}:3');
    const keys = [ground.key('message', '7'), ground.key('unread', '7', '3'), ground.lease(ground.key('message', '7'))];
    expect(new Set(keys.map(hashSlot)).size).toBe(1);
    expect(ground.told(ground.key('message', '7'))).toBe('message:{7}');
  });

  test.each([
    '',
    'a:b',
    'a{b',
    'a}b',
    'a b',
    'a\n',
    '\u0000',
    '\u0085',
    '\ud800',
    'x'.repeat(513),
    'é'.repeat(257),
    7,
    undefined,
  ])('%j is no id', (id) => expect(() => ground.id(id, 'userId')).toThrow(usage('userId')));

  test.each(['a', '*', 'é漢🜛', 'x'.repeat(512), 'a/b.c-d_e@f'])('%j is an id', (id) => {
    expect(ground.id(id, 'userId')).toBe(id);
  });
});

describe('the golden rule', () => {
  let world: World;
  beforeEach(() => void (world = memoryWorld()));
  afterEach(() => world.close());
  const open = () => domainProcess(world, (options) => new Cells(options));

  test('a read whose store is away finds nothing, and tells of it', async () => {
    const { domain, store, events } = open();
    await domain.set('1', 'v');
    store.fail('run:cell:look');
    expect(await domain.get('1')).toBeUndefined();
    expect(events.map((event) => [event.type, 'reason' in event && event.reason])).toEqual([
      ['store-fault', false],
      ['miss', 'away'],
    ]);
    expect(await domain.get('1')).toBe('v');
    expect(domain.ground.tally.counts).toMatchObject({ hits: 1, misses: 1, storeFaults: 1 });
  });

  test('a read rejects only when its caller gives up', async () => {
    const { domain } = open();
    const reason = new Error('gone');
    await expect(domain.get('1', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('a write whose reply is lost is kept as a drop: the key is cold', async () => {
    const { domain, store } = open();
    await domain.set('1', 'old');
    store.dropReply('run:cell:set');
    expect(await world.soon(domain.set('1', 'new'))).toBe(false);
    expect(domain.ground.kept.covers(domain.ground.key('cell', '1'))).toBe(true);
    expect(await domain.get('1')).toBeUndefined();
    await world.clock.elapse(1_000);
    expect(domain.ground.kept.size).toBe(0);
    expect(await domain.get('1')).toBeUndefined();
    expect(await store.expiry(domain.ground.key('cell', '1'))).toBeUndefined();
  });

  test('a write that is acknowledged settles what was kept before it', async () => {
    const { domain, store } = open();
    store.fail('run:cell:set').fail('delete', undefined, 3);
    await domain.set('1', 'lost');
    expect(await domain.set('1', 'new')).toBe(true);
    await world.clock.elapse(5_000);
    expect(await domain.get('1')).toBe('new');
  });

  test('a write on its way whose caller gives up is kept all the same', async () => {
    const { domain, store } = open();
    await domain.set('1', 'old');
    const controller = new AbortController();
    store.hang('run:cell:set');
    const write = domain.set('1', 'new', { signal: controller.signal });
    await world.turns();
    controller.abort(new Error('gone'));
    await expect(write).rejects.toThrow('gone');
    expect(await domain.get('1')).toBeUndefined();
    await expect(domain.set('2', 'v', { signal: controller.signal })).rejects.toThrow('gone');
    expect(domain.ground.kept.covers(domain.ground.key('cell', '2'))).toBe(false);
  });

  test('a write rejects when too much is kept already: nothing is lost silently', async () => {
    const { domain, store } = open();
    store.takeDown();
    for (let i = 0; i < maximumKept; i++) await domain.set(`${i}`, 'v');
    await expect(domain.set('onemore', 'v')).rejects.toBeInstanceOf(StoreError);
    expect(await domain.set('7', 'v')).toBe(false);
  });

  test('domain caches on one store know what the others have kept', async () => {
    const process = open();
    const other = new Cells({ store: process.store, prefix: world.prefix, clock: world.clock });
    await process.domain.set('1', 'old');
    process.store.fail('run:cell:set').fail('delete', undefined, 99);
    await process.domain.set('1', 'new');
    expect(await other.get('1')).toBeUndefined();
  });
});
