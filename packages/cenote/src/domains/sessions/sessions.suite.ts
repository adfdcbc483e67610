import { inspect } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { World } from '../../cache/world.fixture.js';
import { UsageError } from '../../core/errors.js';
import type { DomainProcess } from '../kit/worlds.fixture.js';
import type { SessionCache } from './index.js';
import { ada, dataOf, openSessions, type SessionOptionsOfTests } from './sessions.fixture.js';

/** What sessions do on whatever store. */
export function sessionsSuite(makeWorld: () => World): void {
  let world: World;
  beforeEach(() => void (world = makeWorld()));
  afterEach(() => world.close());

  const open = (options?: SessionOptionsOfTests): DomainProcess<SessionCache> => openSessions(world, options);
  const soon = <T>(promise: Promise<T>): Promise<T> => world.soon(promise);

  describe('one session', () => {
    test('is given back as it was given, frozen, until its life is over', async () => {
      const { domain } = open();
      const data = dataOf('ada', { createdAt: new Date(0), walletAddress: 'abc' });
      const id = await domain.create(data, 600);
      const got = await domain.get(id);
      expect(got).toEqual(data);
      expect(got?.createdAt).toBeInstanceOf(Date);
      expect(Object.isFrozen(got)).toBe(true);
      await world.pass(610);
      expect([await domain.get(id), await domain.count('ada'), await domain.list('ada')]).toEqual([undefined, 0, []]);
    });

    test('may have an id of the caller’s, and other data later', async () => {
      const { domain } = open();
      await domain.set('mine', ada);
      await domain.set('mine', { ...ada, displayName: 'Countess' });
      expect(await domain.get('mine')).toMatchObject({ displayName: 'Countess' });
      expect(await domain.count('ada')).toBe(1);
      expect(await domain.get('another')).toBeUndefined();
    });

    test('that changes hands is no longer the former user’s', async () => {
      const { domain } = open();
      await domain.set('mine', ada);
      await domain.set('mine', dataOf('bob'));
      expect([await domain.count('ada'), await domain.count('bob')]).toEqual([0, 1]);
      expect(await domain.get('mine')).toMatchObject({ userId: 'bob' });
    });

    test('is extended from now on, and only while it lives', async () => {
      const { domain } = open();
      for (const id of ['given', domain.id('ada')]) {
        await domain.set(id, ada, 600);
        expect(await domain.extend(id, 60_000)).toBe(true);
        await world.pass(610);
        expect(await domain.get(id)).toEqual(ada);
        expect(await domain.extend(id, 100)).toBe(true);
        await world.pass(110);
        expect(await domain.extend(id)).toBe(false);
        expect(await domain.get(id)).toBeUndefined();
      }
    });

    test('is extended as it is read, when that is due', async () => {
      const { domain, store } = open({ touchEvery: '1m' });
      const id = await domain.create(ada, '10m');
      expect(await domain.get(id, { extend: '10m' })).toEqual(ada);
      expect(store.calls).not.toContain('run:extend');
      expect(await domain.get(id, { extend: '20m' })).toEqual(ada);
      const [session] = await domain.list('ada');
      expect((session?.expiresAt.getTime() ?? 0) - store.now()).toBeGreaterThan(15 * 60_000);
      expect(store.calls.filter((call) => call === 'run:extend')).toHaveLength(1);
    });

    test('is not written again before touchEvery', async () => {
      const { domain } = open({ touchEvery: '1m' });
      const id = await domain.create(ada, '10m');
      const [before] = await domain.list('ada');
      await world.pass(5);
      expect(await domain.extend(id, '10m')).toBe(true);
      expect(await domain.list('ada')).toEqual([before]);
      expect(await domain.extend(id, '12m')).toBe(true);
      expect(await domain.list('ada')).not.toEqual([before]);
    });

    test('ends at its absolute end, however often it is extended, rotated or set', async () => {
      const { domain } = open({ absoluteTtl: 1_000 });
      let id = await domain.create(ada, '10m');
      const extended = await domain.create(dataOf('bob'), 800);
      await world.pass(100);
      expect(await domain.extend(id, '10m')).toBe(true);
      expect(await domain.get(extended, { extend: '10m' })).toBeDefined();
      const next = domain.id('ada');
      expect(await domain.rotate(id, next)).toBe(true);
      id = next;
      await domain.set(id, ada, '10m');
      await world.pass(910);
      expect([await domain.get(id), await domain.extend(id), await domain.count('ada')]).toEqual([undefined, false, 0]);
      expect([await domain.get(extended), await domain.count('bob')]).toEqual([undefined, 0]);
    });

    test('is asked for in one round trip; one with an id of the caller’s in two', async () => {
      const { domain, store } = open();
      const id = await domain.create(ada);
      await domain.set('mine', ada);
      const calls = async (act: () => Promise<unknown>): Promise<readonly string[]> => {
        const before = store.calls.length;
        await act();
        return store.calls.slice(before);
      };
      expect(await calls(() => domain.get(id))).toEqual(['read']);
      expect(await calls(() => domain.get('mine'))).toEqual(['readOne', 'read']);
      expect(await calls(() => domain.extend(id))).toEqual(['run:extend']);
      expect(await calls(() => domain.set(id, ada))).toEqual(['run:save']);
      expect(await calls(() => domain.rotate(id, domain.id('ada')))).toEqual(['run:rotate']);
      expect(await calls(() => domain.list('ada'))).toEqual(['run:members', 'read']);
      expect(await calls(() => domain.count('ada'))).toEqual(['run:countMembers']);
      expect(await calls(() => domain.delete(id))).toEqual(['run:bury']);
    });
  });

  describe('nothing comes back', () => {
    for (const kind of ['given', 'created'] as const) {
      const idOf = (domain: SessionCache): string => (kind === 'given' ? 'mine' : domain.id('ada'));

      test(`a ${kind} id that was deleted: neither by a slow write nor by an extension`, async () => {
        const { domain, events } = open();
        const other = open();
        const id = idOf(domain);
        await domain.set(id, ada);
        const read = await other.domain.get(id);
        expect(await domain.delete(id)).toBe(true);
        await other.domain.set(id, { ...read!, lastActivity: 1 });
        await domain.set(id, ada);
        expect(await other.domain.extend(id)).toBe(false);
        expect([await domain.get(id), await domain.count('ada'), await domain.delete(id)]).toEqual([
          undefined,
          0,
          false,
        ]);
        expect(events.filter(({ type }) => type === 'refuse')).toMatchObject([{ reason: 'voided' }]);
      });

      test(`a ${kind} id that was deleted before it was ever stored`, async () => {
        const { domain } = open();
        const id = idOf(domain);
        expect(await domain.delete(id)).toBe(false);
        await domain.set(id, ada);
        expect([await domain.get(id), await domain.count('ada')]).toEqual([undefined, 0]);
      });

      test(`a ${kind} id after deleteAll, which does not touch other users or later logins`, async () => {
        const { domain } = open();
        const id = idOf(domain);
        await domain.set(id, ada);
        await domain.create(ada);
        const bob = await domain.create(dataOf('bob'));
        expect(await domain.deleteAll('ada')).toBe(2);
        await domain.set(id, ada);
        expect(await domain.extend(id)).toBe(false);
        expect([await domain.get(id), await domain.count('ada'), await domain.list('ada')]).toEqual([undefined, 0, []]);
        expect(await domain.get(bob)).toBeDefined();
        const later = await domain.create(ada);
        expect([await domain.get(later), await domain.count('ada')]).toEqual([ada, 1]);
        expect(await domain.deleteAll('nobody')).toBe(0);
      });

      test(`a ${kind} id after deleteOthers, which keeps one`, async () => {
        const { domain } = open();
        const id = idOf(domain);
        await domain.set(id, ada);
        const kept = await domain.create(ada);
        await domain.create(ada);
        expect(await domain.deleteOthers('ada', kept)).toBe(2);
        await domain.set(id, ada);
        expect([await domain.get(id), await domain.get(kept), await domain.count('ada')]).toEqual([undefined, ada, 1]);
        expect(await domain.extend(kept)).toBe(true);
      });

      test(`a ${kind} id that was rotated`, async () => {
        const { domain } = open();
        const id = idOf(domain);
        const next = kind === 'given' ? 'next' : domain.id('ada');
        await domain.set(id, ada);
        expect(await domain.rotate(id, next)).toBe(true);
        await domain.set(id, ada);
        expect([await domain.get(id), await domain.get(next), await domain.count('ada')]).toEqual([undefined, ada, 1]);
        expect([await domain.rotate(id, domain.id('ada')), await domain.extend(id)]).toEqual([false, false]);
      });
    }

    test('a session that deleteAll ended, though its own life is over before the slow write', async () => {
      const { domain } = open();
      const id = await domain.create(ada, 200);
      await domain.deleteAll('ada');
      await world.turns();
      await world.pass(210);
      await domain.set(id, ada);
      expect(await domain.get(id)).toBeUndefined();
    });

    test('a session that deleteAll ended, though the process died before it left tombstones', async () => {
      const { domain, store } = open();
      const ids = [domain.id('ada'), 'mine'];
      for (const id of ids) await domain.set(id, ada);
      store.fail('run:bury');
      expect(await domain.deleteAll('ada')).toBe(2);
      await world.turns();
      for (const id of ids) {
        await domain.set(id, ada);
        expect([await domain.extend(id), await domain.get(id), await domain.count('ada')]).toEqual([
          false,
          undefined,
          0,
        ]);
      }
    });

    test('rotation does not take an id that is, or was, a session', async () => {
      const { domain } = open();
      const [a, b, dead] = [await domain.create(ada), await domain.create(ada), await domain.create(ada)];
      await domain.delete(dead);
      expect([await domain.rotate(a, b), await domain.rotate(a, dead)]).toEqual([false, false]);
      expect(await domain.count('ada')).toBe(2);
    });
  });

  describe('many sessions of a user', () => {
    test('are listed without their ids, the latest first, and can be ended from the list', async () => {
      const { domain } = open();
      const ids: string[] = [];
      for (const device of ['phone', 'tablet', 'desk']) {
        ids.push(await domain.create(dataOf('ada', { displayName: device }), 60_000));
        await world.pass(5);
      }
      const listed = await domain.list('ada');
      expect(listed.map(({ data }) => data.displayName)).toEqual(['desk', 'tablet', 'phone']);
      expect(ids.some((id) => JSON.stringify(listed).includes(id))).toBe(false);
      expect(await domain.deleteListed('ada', listed[1]!.handle)).toBe(true);
      expect(await domain.get(ids[1]!)).toBeUndefined();
      expect(await domain.deleteListed('bob', listed[0]!.handle)).toBe(false);
      expect(await domain.count('ada')).toBe(2);
    });

    test('are limited: the oldest goes, also when all log in at once', async () => {
      const [one, two] = [open({ maxPerUser: 3 }), open({ maxPerUser: 3 })];
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.push(await one.domain.create(ada));
      const live = async (): Promise<boolean[]> =>
        Promise.all(ids.map(async (id) => (await two.domain.get(id)) !== undefined));
      expect(await live()).toEqual([false, false, true, true, true]);
      await one.domain.set(ids[2]!, ada);
      expect(await live()).toEqual([false, false, true, true, true]);
      const more = await Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 ? one : two).domain.create(ada)));
      const left = await Promise.all(more.map((id) => one.domain.get(id)));
      expect([await one.domain.count('ada'), left.filter(Boolean).length]).toEqual([3, 3]);
    });

    test('that began within one millisecond all end at once', async () => {
      const { domain } = open({ maxPerUser: 100 });
      const logins = Array.from({ length: 60 }, () => domain.create(ada));
      const ended = domain.deleteAll('ada');
      const ids = await Promise.all(logins);
      expect([await ended, await domain.count('ada')]).toEqual([60, 0]);
      expect((await Promise.all(ids.map((id) => domain.get(id)))).filter(Boolean)).toEqual([]);
    });

    test('that have expired leave no ghosts', async () => {
      const { domain } = open();
      await Promise.all(Array.from({ length: 10 }, () => domain.create(ada, 100)));
      const id = await domain.create(ada, '1h');
      await world.pass(110);
      expect([await domain.count('ada'), (await domain.list('ada')).length]).toEqual([1, 1]);
      expect(await domain.deleteOthers('ada', id)).toBe(0);
      expect(await domain.get(id)).toEqual(ada);
    });
  });

  describe('what is told', () => {
    test('no id of a session or token is stored, told, shown or thrown', async () => {
      const { domain, store, events } = open();
      const id = await domain.create(ada);
      const secrets = [id, id.split('.')[1]!, 'given-id', 'token-id'];
      await domain.set('given-id', ada);
      await domain.invalidateToken('token-id', '1m');
      await Promise.all([
        domain.get(id),
        domain.get('given-id'),
        domain.extend(id),
        domain.isTokenBlacklisted('token-id'),
      ]);
      await domain.delete('given-id');
      const said = [JSON.stringify(events), inspect(domain, { depth: 9, showHidden: true })];
      for await (const keys of store.scan(`${world.prefix}:*`)) {
        said.push(...keys);
        for (const key of keys) said.push(String(await store.readOne(key)));
      }
      for (const bad of ['given-id\n', `${id}:`, `{${id}}`])
        said.push(String(await domain.get(bad).catch((error: unknown) => error)));
      expect(said.filter((text) => secrets.some((secret) => text.includes(secret)))).toEqual([]);
      expect(said.length).toBeGreaterThan(8);
    });

    test('hits, misses and deletions are told', async () => {
      const { domain, events } = open();
      const id = await domain.create(ada);
      await domain.get(id);
      await domain.get('unknown');
      await domain.deleteAll('ada');
      expect(events.map(({ type }) => type)).toEqual(['hit', 'miss', 'delete']);
    });
  });

  test('a mistake is told at once, and changes nothing', async () => {
    const { domain } = open();
    const id = await domain.create(ada);
    const before = await domain.list('ada');
    const no = undefined as never;
    const mistakes: Record<string, () => Promise<unknown>> = {
      'sessionId must': () => domain.get(''),
      'sessionId  must': () => domain.set('a:b', ada),
      'sessionId   must': () => domain.delete('x'.repeat(513)),
      'sessionId    must': () => domain.extend('{a}'),
      'data must': () => domain.set(id, no),
      'data.userId must': () => domain.set(id, { ...ada, userId: '' }),
      'data.userId must be': () => domain.set(id, dataOf('bob')),
      'data.createdAt must': () => domain.create({ ...ada, createdAt: no }),
      'data.lastActivity must': () => domain.create({ ...ada, lastActivity: 'soon' }),
      'ttl must': () => domain.set(id, ada, -1),
      'ttl must be a': () => domain.extend(id, 0),
      'ttl must be at most 10 years': () => domain.create(ada, '99999d'),
      'ttl must be a duration': () => domain.invalidateToken('t', Number.NaN),
      'tokenId must': () => domain.isTokenBlacklisted('a b'),
      'userId must': () => domain.list('a:b'),
      'userId must be': () => domain.deleteAll(''),
      'keepSessionId must': () => domain.deleteOthers('ada', ''),
      'newId must': () => domain.rotate(id, ''),
      'newId must be another': () => domain.rotate(id, id),
      'newId must be made': () => domain.rotate(id, domain.id('bob')),
      'handle must': () => domain.deleteListed('ada', ''),
      'options.nonsense is not': () => domain.get(id, { nonsense: 1 } as never),
      'options.extend must': () => domain.get(id, { extend: 0 }),
    };
    for (const [said, act] of Object.entries(mistakes)) {
      const error: unknown = await act().then(
        () => 'nothing',
        (reason: unknown) => reason,
      );
      expect([said, error]).toEqual([said, expect.any(UsageError)]);
      expect((error as Error).message).toContain(said.replace(/ +/g, ' '));
    }
    expect(await domain.list('ada')).toEqual(before);
    for (const options of [
      { maxPerUser: 0 },
      { absoluteTtl: -1 },
      { touchEvery: 'soon' },
      { source: { sessions: 1 } },
      { source: { session: 1 } },
      { nonsense: 1 },
    ])
      expect(() => open(options as never)).toThrow(UsageError);
    expect(() => open({ source: { revoked: () => false }, longestToken: '1h' }).domain).not.toThrow();
    await expect(
      open({ source: { revoked: () => false }, longestToken: '1h' }).domain.invalidateToken('t', '2h'),
    ).rejects.toThrow('ttl must be at most options.longestToken');
  });

  test('a caller may give up', async () => {
    const { domain } = open({ source: { session: () => new Promise(() => {}) } });
    const stop = new AbortController();
    const waiting = domain.get(domain.id('ada'), { signal: stop.signal });
    const outcome = waiting.catch((error: unknown) => error);
    await world.turns();
    stop.abort(new Error('enough'));
    expect(await soon(outcome)).toMatchObject({ message: 'enough' });
  });
}
