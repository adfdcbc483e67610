import { EventEmitter, once } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { SchemaError, UsageError } from '../core/errors.js';
import { systemClock } from '../core/clock.js';
import { Cache } from './cache.js';
import type { Declaration, Engine, ManyLoader, Target } from './engine.js';
import { Names } from './key.js';
import { absent } from './near/near.js';
import { declareKeyspace, type DeclareKeyspace } from './keyspace.js';
import type { LoadContext, Loader } from './load.js';
import { glob } from './pattern.js';
import { resolveDefaults, type Call, type Invalidation, type Plan } from './plan.js';
import { type, type StandardSchema } from './schema.js';
import { Tally } from './tally.js';

/** An engine that keeps values in a map and writes down what it was asked. */
class PlainEngine implements Engine {
  readonly strict = false;
  readonly declared = new Map<string, Declaration>();
  readonly values = new Map<string, unknown>();
  readonly asked: {
    what: string;
    target?: Target;
    plan?: Plan;
    call?: Call;
    tags?: readonly string[];
    invalidation?: Invalidation;
    version?: unknown;
  }[] = [];
  readonly defaults: Plan = { ...resolveDefaults({}), tally: this.tally('cache') };

  tally(name: string): Tally {
    return new Tally(name, systemClock, undefined);
  }

  checkKey(raw: string): void {
    new Names().stored(raw);
  }

  nearest(): unknown {
    return absent;
  }

  async read(target: Target, plan: Plan, call: Call): Promise<unknown> {
    this.asked.push({ what: 'read', target, plan, call });
    return await Promise.resolve(this.values.get(target.key));
  }

  async through(target: Target, plan: Plan, load: Loader, call: Call): Promise<unknown> {
    this.asked.push({ what: 'through', target, plan, call });
    if (!this.values.has(target.key)) this.values.set(target.key, await load(context));
    return this.values.get(target.key);
  }

  async throughMany(
    targets: readonly Target[],
    plan: Plan,
    loader: ManyLoader,
    call: Call,
  ): Promise<readonly unknown[]> {
    this.asked.push({ what: 'throughMany', plan, call });
    const missing = [...targets.keys()].filter((index) => !this.values.has(targets[index]?.key ?? ''));
    const loaded =
      'each' in loader ?
        await Promise.all(missing.map((index) => loader.each(index, context)))
      : await loader.together(missing, context);
    missing.forEach((index, at) => this.values.set(targets[index]?.key ?? '', loaded[at]));
    return targets.map(({ key }) => this.values.get(key));
  }

  async refresh(target: Target, plan: Plan, load: Loader, call: Call): Promise<unknown> {
    this.asked.push({ what: 'refresh', target, plan, call });
    this.values.set(target.key, await load(context));
    return this.values.get(target.key);
  }

  async write(
    target: Target,
    value: unknown,
    plan: Plan,
    version: number | bigint | undefined,
    call: Call,
  ): Promise<void> {
    this.asked.push({ what: 'write', target, plan, call, version });
    this.values.set(target.key, await Promise.resolve(value));
  }

  async remove(key: string, invalidation: Invalidation): Promise<boolean> {
    this.asked.push({ what: 'remove', invalidation });
    return await Promise.resolve(this.values.delete(key));
  }

  async invalidateTags(tags: readonly string[], invalidation: Invalidation): Promise<void> {
    this.asked.push({ what: 'invalidateTags', tags, invalidation });
    await Promise.resolve();
  }
}

const context: LoadContext = {
  signal: new AbortController().signal,
  setTtl: () => {},
  addTags: () => Promise.resolve(),
  setVersion: () => {},
  skip: () => {},
};

let engine: PlainEngine;
let keyspace: DeclareKeyspace<'json'>;

beforeEach(() => {
  engine = new PlainEngine();
  keyspace = (template: string, options?: unknown) => declareKeyspace(engine, template, options);
});

const last = (): PlainEngine['asked'][number] => engine.asked.at(-1) ?? { what: 'nothing' };

describe('reading', () => {
  test('get loads with the parameters it was given, under their key', async () => {
    const seen: unknown[] = [];
    const users = keyspace('user:{id}', { load: ({ id }, { signal }) => (seen.push([id, signal]), `user ${id}`) });
    expect(await users.get({ id: 7 })).toBe('user 7');
    expect(await users.get({ id: '7' })).toBe('user 7');
    expect(await users.peek({ id: 7 })).toBe('user 7');
    expect(await users.peek({ id: 8 })).toBeUndefined();
    expect(seen).toEqual([[7, context.signal]]);
    expect([...engine.values.keys()]).toEqual(['user:7']);
    expect(users.key({ id: 'a:b' })).toBe('user:a%3Ab');
  });

  test('a caller that changes its parameters meanwhile changes no load', async () => {
    const gate = new EventEmitter();
    engine.through = async (_, __, load) => (await once(gate, 'open'), load(context));
    const users = keyspace('user:{id}', { load: ({ id }) => id });
    const params = { id: 1 };
    const first = users.get(params);
    params.id = 2;
    gate.emit('open');
    expect(await first).toBe(1);
  });

  test('options of a call reach the engine, a deadline cuts the plan', async () => {
    const users = keyspace('user:{id}', { load: () => 1, deadline: { soft: '1s' } });
    const { signal } = new AbortController();
    await users.get({ id: 1 }, { signal, near: false, deadline: '2s' });
    expect(last().call).toMatchObject({ signal, near: false, deadline: 2_000 });
    expect(last().plan?.limits).toMatchObject({ soft: 1_000, hard: 2_000, wait: 2_000 });
    await users.get({ id: 1 });
    expect(last().plan?.limits).toMatchObject({ soft: 1_000, hard: 30_000 });
  });

  test('a template without placeholders takes no parameters', async () => {
    const board = keyspace('board', { load: () => [1], groups: 'all' });
    expect(await board.get()).toEqual([1]);
    expect(await board.get({ near: false })).toEqual([1]);
    expect(last().call?.near).toBe(false);
    await board.set([2], { ttl: '1m' });
    expect(last().plan?.ttl).toBe(60_000);
    expect(await board.wrap(() => [3])).toEqual([2]);
    expect(await board.refresh()).toEqual([1]);
    expect(await board.del({ strict: true })).toBe(true);
    expect(last().invalidation?.strict).toBe(true);
    expect(board.key()).toBe('board');
  });

  test('wrap takes a loader of the moment, and options of an entry', async () => {
    const drafts = keyspace('draft:{id}', { value: type<string>(), tags: ({ id }) => [`draft:${id}`] });
    expect(await drafts.wrap({ id: 1 }, () => 'now', { fill: false, tags: ['more'] })).toBe('now');
    expect(last().plan?.fill).toBe(false);
    expect(last().target).toEqual({ key: 'draft:1', tags: ['draft:1', 'more'] });
    await expect(drafts.wrap({ id: 1 }, undefined as never)).rejects.toThrow(/^load must be a function/);
    await expect(drafts.wrap({ id: 1 }, () => 'now', { version: 3 } as object)).rejects.toThrow(
      /^options\.version is for set/,
    );
  });

  test('without a loader there is nothing to get, also for those who ask untyped', async () => {
    const drafts = keyspace('draft:{id}', { value: type<string>() }) as unknown as ReturnType<typeof declareKeyspace>;
    await expect(drafts.get({ id: 1 })).rejects.toThrow(/^load must be declared by the keyspace 'draft:\{id\}'/);
  });
});

describe('reading many', () => {
  test('gives one value for each parameter, in their order, loading each key once', async () => {
    const loads: unknown[] = [];
    const users = keyspace('user:{id}', { load: ({ id }) => (loads.push(id), `user ${id}`) });
    engine.values.set('user:2', 'kept 2');
    expect(await users.getMany([{ id: 3 }, { id: 2 }, { id: 1 }, { id: '3' }])).toEqual([
      'user 3',
      'kept 2',
      'user 1',
      'user 3',
    ]);
    expect(loads).toEqual([3, 1]);
    expect(await users.getMany([])).toEqual([]);
    expect(engine.asked).toHaveLength(1);
  });

  test('loadMany gets all that is missing in one call', async () => {
    const calls: unknown[] = [];
    const users = keyspace('user:{id}', { loadMany: (list) => (calls.push(list), list.map(({ id }) => `user ${id}`)) });
    engine.values.set('user:2', 'kept 2');
    expect(await users.getMany([{ id: 1 }, { id: 2 }, { id: 3 }])).toEqual(['user 1', 'kept 2', 'user 3']);
    expect(await users.get({ id: 4 })).toBe('user 4');
    expect(calls).toEqual([[{ id: 1 }, { id: 3 }], [{ id: 4 }]]);
  });

  test('a loadMany whose result is not aligned is refused, not guessed at', async () => {
    for (const result of [[], [1], [1, 2, 3], undefined, new Map()]) {
      engine.declared.clear();
      const users = keyspace('user:{id}', { loadMany: () => result as number[] });
      await expect(users.getMany([{ id: 1 }, { id: 2 }])).rejects.toThrow(
        /^the result of loadMany must be a list of 2 values, aligned/,
      );
    }
  });

  test('a list that is none is refused', async () => {
    const users = keyspace('user:{id}', { load: () => 1 });
    await expect(users.getMany({ id: 1 } as never)).rejects.toThrow(/^params must be a list/);
    await expect(users.getMany([{ id: 1 }, {}] as never)).rejects.toThrow(/^params\.id must be given/);
  });
});

describe('groups and tags', () => {
  test('entries carry the tags of their groups and their own', async () => {
    const slots = keyspace('slots:{exp}:{day}', {
      load: () => 1,
      groups: ['exp', 'all'],
      tags: ({ day }) => [`day:${day}`],
    });
    await slots.get({ exp: 'a:b', day: 2 });
    expect(last().target?.tags).toEqual(['group:slots:{exp}:{day}', 'group:slots:{exp}:{day}?exp=a%3Ab', 'day:2']);
    await slots.invalidate({ exp: 'a:b' }, { settle: '2s' });
    expect(last()).toMatchObject({
      what: 'invalidateTags',
      tags: ['group:slots:{exp}:{day}?exp=a%3Ab'],
      invalidation: { settle: 2_000 },
    });
    await slots.invalidate();
    expect(last().tags).toEqual(['group:slots:{exp}:{day}']);
    await slots.invalidate('all');
    expect(last().tags).toEqual(['group:slots:{exp}:{day}']);
  });

  test('all revisions share the tags of groups, so that old and new processes invalidate for each other', async () => {
    const before = keyspace('slots:{exp}', { load: () => 1, groups: ['exp'], revision: 1 });
    await before.get({ exp: 1 });
    const old = last().target;
    engine.declared.clear();
    const after = keyspace('slots:{exp}', { load: () => 1, groups: ['exp'], revision: 2 });
    await after.get({ exp: 1 });
    expect([old?.key, last().target?.key]).toEqual(['slots:1', 'slots:1@2']);
    expect(last().target?.tags).toEqual(old?.tags);
  });

  test('what is no declared group is refused', async () => {
    const slots = keyspace('slots:{exp}:{day}', { load: () => 1, groups: ['exp'] }) as unknown as ReturnType<
      typeof declareKeyspace
    >;
    for (const group of [
      undefined,
      'all',
      { day: 1 },
      { other: 1 },
      { __proto__: { exp: 1 } },
      {},
      { exp: 1, day: 2 },
      'exp',
      null,
      7,
    ]) {
      await expect(slots.invalidate(group as never)).rejects.toThrow(/^group must be/);
    }
    await expect(slots.invalidate({ exp: {} } as never)).rejects.toThrow(/^group\.exp must be a text/);
    expect(engine.asked).toEqual([]);
  });

  test('tags that are no list are refused', async () => {
    const users = keyspace('user:{id}', { load: () => 1, tags: () => 'user' as never });
    await expect(users.get({ id: 1 })).rejects.toThrow(/^the result of options\.tags must be a list/);
  });
});

describe('writing', () => {
  test('set, del and refresh go to the entry of their parameters', async () => {
    const users = keyspace('user:{id}', { load: () => 'loaded', groups: ['id'] });
    await users.set({ id: 1 }, 'given', { version: 7 });
    expect(last()).toMatchObject({
      what: 'write',
      target: { key: 'user:1', tags: ['group:user:{id}?id=1'] },
      version: 7,
    });
    expect(await users.peek({ id: 1 })).toBe('given');
    expect(await users.refresh({ id: 1 })).toBe('loaded');
    expect(await users.del({ id: 1 }, { settle: '1s' })).toBe(true);
    expect(last().invalidation?.settle).toBe(1_000);
    expect(await users.del({ id: 1 })).toBe(false);
  });
});

describe('a declaration', () => {
  test('resolves its options into one plan, the rest is as the cache has it', async () => {
    const schema: StandardSchema<string> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => (value === 'bad' ? { issues: [{ message: 'is bad' }] } : { value: `${String(value)}!` }),
      },
    };
    const users = keyspace('user:{id}', {
      load: () => 'x',
      ttl: '30m',
      grace: '1h',
      negativeTtl: '5s',
      jitter: 0.5,
      deadline: { hard: '9s' },
      onFailover: 'trust',
      version: (text) => text.length,
      schema,
    });
    await users.get({ id: 1 });
    const { plan } = last();
    expect(plan).toMatchObject({
      ttl: 1_800_000,
      grace: 3_600_000,
      negativeTtl: 5_000,
      jitter: 0.5,
      trust: true,
      limits: { hard: 9_000, wait: 5_000 },
    });
    expect(plan?.tally.name).toBe('user:{id}');
    expect(plan?.version?.('abc')).toBe(3);
    expect(plan?.check?.('k', 'a')).toBe('a!');
    expect(() => plan?.check?.('k', 'bad')).toThrow(SchemaError);
    await keyspace('plain', { load: () => 1 }).get();
    expect(last().plan).toMatchObject({
      ttl: engine.defaults.ttl,
      grace: 0,
      negativeTtl: undefined,
      trust: false,
      check: undefined,
      version: undefined,
    });
  });

  test.each([
    ['user:{id}', { tll: 5 }, /^options\.tll/],
    ['user:{id}', { ttl: '30' }, /^options\.ttl must be a duration/],
    ['user:{id}', { ttl: 0 }, /^options\.ttl must be a duration/],
    ['user:{id}', { grace: -1 }, /^options\.grace/],
    ['user:{id}', { negativeTtl: 0 }, /^options\.negativeTtl/],
    ['user:{id}', { jitter: 2 }, /^options\.jitter/],
    ['user:{id}', { deadline: { hrd: 1 } }, /^options\.deadline\.hrd/],
    ['user:{id}', { groups: ['name'] }, /^options\.groups must be placeholders of 'user:\{id\}' or 'all'/],
    ['user:{id}', { groups: [['id']] }, /^options\.groups/],
    ['user:{id}', { revision: 0 }, /^revision must/],
    ['user:{id}', { onFailover: 'hot' }, /^options\.onFailover/],
    ['user:{id}', { tags: ['a'] }, /^options\.tags must be a function/],
    ['user:{id}', { version: 3 }, /^options\.version must be a function/],
    ['user:{id}', { load: 'x' }, /^options\.load must be a function/],
    ['user:{id}', { loadMany: null }, /^options\.loadMany must be a function/],
    ['user:{id}', { schema: {} }, /^options\.schema must be a Standard Schema/],
    ['user:{id}', { value: String }, /^options\.value must be type/],
    ['user:{id}', 'x', /^options must be an object/],
    ['user:{id}', null, /^options must be an object/],
    ['user:{id', {}, /^template must have balanced braces/],
    ['tag:{{id}}', {}, /reserved/],
    ['cache:stats', {}, /reserved/],
    ['x'.repeat(8193), {}, /at most 8192 bytes/],
  ])('%s with %j is refused', (template, options, message) => {
    expect(() => declareKeyspace(engine, template, options)).toThrow(message);
    expect(() => declareKeyspace(engine, template, options)).toThrow(UsageError);
    expect(engine.declared.size).toBe(0);
  });

  test('may be repeated with the same options, not with others', () => {
    const schema: StandardSchema<number> = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ value: 1 }) },
    };
    const make = (more: object = {}): unknown =>
      declareKeyspace(engine, 'user:{id}', { ttl: '1m', schema, groups: ['id', 'all'], load: () => 1, ...more });
    make();
    make({ ttl: 60_000, groups: ['all', 'id'], revision: 1 });
    for (const more of [
      { ttl: '2m' },
      { grace: '1s' },
      { groups: ['id'] },
      { revision: 2 },
      { load: () => 2 },
      { load: undefined },
      { schema: { ...schema } },
      { deadline: '1s' },
      { onFailover: 'trust' },
    ]) {
      expect(() => make(more)).toThrow(
        new RegExp(`^template makes the keys of a keyspace that was declared with another ${Object.keys(more)[0]}:`),
      );
    }
    expect(() => declareKeyspace(engine, 'user:{userId}', {})).toThrow(/another template/);
    declareKeyspace(new PlainEngine(), 'user:{id}', { ttl: '2m' });
  });

  test('mistakes of a call reject, and never throw', async () => {
    const users = keyspace('user:{id}', { load: () => 1, groups: ['id'] }) as unknown as ReturnType<
      typeof declareKeyspace
    >;
    const bad = { id: null } as never;
    const calls = [
      users.get(bad),
      users.peek(bad),
      users.set(bad, 1),
      users.del(bad),
      users.refresh(bad),
      users.wrap(bad, () => 1),
      users.getMany([bad]),
      users.get(undefined as never),
      users.get({ id: 1 }, { ttl: 1 } as never),
    ];
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'USAGE' } });
    expect(engine.asked).toEqual([]);
    expect(() => users.key(bad)).toThrow(UsageError);
  });
});

describe('on a cache', () => {
  test('groups invalidate their entries and no others', async () => {
    await using cache = new Cache({ prefix: 'app' });
    let loads = 0;
    const slots = cache.keyspace('slots:{exp}:{day}', {
      load: ({ exp }) => `${String(exp)}#${++loads}`,
      groups: ['exp', 'all'],
    });
    const read = async (): Promise<unknown> =>
      await slots.getMany([
        { exp: 1, day: 'mon' },
        { exp: 1, day: 'tue' },
        { exp: 2, day: 'mon' },
      ]);
    expect(await read()).toEqual(['1#1', '1#2', '2#3']);
    expect(await read()).toEqual(['1#1', '1#2', '2#3']);
    await slots.invalidate({ exp: 1 });
    expect(await read()).toEqual(['1#4', '1#5', '2#3']);
    await slots.invalidate();
    expect(await read()).toEqual(['1#6', '1#7', '2#8']);
  });

  test('a Date comes back as text, from the loader as from the store', async () => {
    await using cache = new Cache();
    const at = new Date(0);
    const events = cache.keyspace('event:{id}', { load: () => ({ at }) });
    expect(await events.get({ id: 1 })).toEqual({ at: at.toISOString() });
    expect(await events.get({ id: 1 })).toEqual({ at: at.toISOString() });
  });

  test('a value that does not fit its schema is an error, and not stored', async () => {
    await using cache = new Cache();
    const schema: StandardSchema<{ n: number }> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          (value as { n: unknown }).n === 1 ? { value: { n: 1 } } : { issues: [{ message: 'must be 1' }] },
      },
    };
    const rows = cache.keyspace('row:{id}', { schema, load: ({ id }) => ({ n: Number(id) }) });
    expect(await rows.get({ id: 1 })).toEqual({ n: 1 });
    await expect(rows.get({ id: 2 })).rejects.toThrow(SchemaError);
    await expect(rows.set({ id: 3 }, { n: 3 })).rejects.toThrow(SchemaError);
    expect([await cache.has('row:1'), await cache.has('row:2'), await cache.has('row:3')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('its keys are those that the verbs of the cache take, hostile values included', async () => {
    await using cache = new Cache({ prefix: 'app' });
    const rooms = cache.keyspace('room:{{room}}:{user}', {
      load: ({ room, user }) => [room, user],
      tags: ({ user }) => [`user:${String(user)}`],
    });
    const hostile = [
      '*',
      '?',
      '[a]',
      ':',
      '{}',
      '}{',
      '%7B',
      '%',
      '__proto__',
      '\n',
      ' ',
      'é',
      '@2',
      'a'.repeat(2_000),
    ];
    for (const room of hostile)
      for (const user of [...hostile, '']) expect(await rooms.get({ room, user })).toEqual([room, user]);
    for (const room of hostile) {
      for (const user of [...hostile, '']) {
        expect(await cache.get(rooms.key({ room, user }))).toEqual([room, user]);
        expect(await rooms.peek({ room, user })).toEqual([room, user]);
      }
    }
    expect(await rooms.del({ room: '*', user: '*' })).toBe(true);
    expect(await cache.invalidate(glob`${rooms.key({ room: '?', user: '' })}*`)).toBe(hostile.length + 1);
    expect(await rooms.peek({ room: '[a]', user: '*' })).toEqual(['[a]', '*']);
    expect(await cache.clear()).toBe(hostile.length * (hostile.length + 1) - 1 - (hostile.length + 1));
  });
});
