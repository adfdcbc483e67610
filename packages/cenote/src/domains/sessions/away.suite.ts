import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { World } from '../../cache/world.fixture.js';
import { put } from '../../testing/contract/example-operations.js';
import type { DomainProcess } from '../kit/worlds.fixture.js';
import type { SessionCache, SessionData } from './index.js';
import { ada, dataOf, openSessions, replayed, type SessionOptionsOfTests } from './sessions.fixture.js';

/** Sessions while the store is away, and when it is back. */
export function awaySuite(makeWorld: () => World): void {
  let world: World;
  beforeEach(() => void (world = makeWorld()));
  afterEach(() => world.close());

  const open = (options?: SessionOptionsOfTests): DomainProcess<SessionCache> => openSessions(world, options);
  const soon = <T>(promise: Promise<T>): Promise<T> => world.soon(promise);

  describe('store away', () => {
    test('nothing rejects; without a source nobody is known', async () => {
      const { domain, store, events } = open();
      const id = await domain.create(ada);
      await domain.set('mine', ada);
      store.takeDown();
      expect(await domain.get(id)).toBeUndefined();
      expect(await domain.get('mine')).toBeUndefined();
      expect([await domain.extend(id), await domain.rotate(id, domain.id('ada'))]).toEqual([false, false]);
      expect([await domain.list('ada'), await domain.count('ada')]).toEqual([[], 0]);
      expect(await domain.create(ada)).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
      expect(events.filter(({ type }) => type === 'store-fault').length).toBeGreaterThanOrEqual(6);
      store.restore();
      expect(await domain.get(id)).toEqual(ada);
    });

    test('the source answers; when it is away too, reads reject', async () => {
      let isAway = false;
      const session = (): Promise<SessionData> =>
        isAway ? Promise.reject(new Error('no database')) : Promise.resolve(ada);
      const { domain, store } = open({ source: { session } });
      const id = await domain.create(ada);
      store.takeDown();
      expect(await soon(domain.get(id))).toEqual(ada);
      expect(await soon(domain.get('mine'))).toEqual(ada);
      expect(await soon(domain.extend(id))).toBe(true);
      isAway = true;
      const error = await soon(domain.get(id)).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: { message: 'no database' } });
      await expect(soon(domain.get('mine'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });

    test('a logout is kept, holds here at once, and everywhere when the store is back', async () => {
      const session = (): SessionData => ada;
      const [one, two] = [open({ source: { session } }), open()];
      const id = await one.domain.create(ada);
      await one.domain.set('mine', ada);
      const other = await one.domain.create(ada);
      one.store.takeDown();
      expect([await one.domain.delete(id), await one.domain.delete('mine')]).toEqual([false, false]);
      expect([await soon(one.domain.get(id)), await soon(one.domain.get('mine'))]).toEqual([undefined, undefined]);
      expect([await one.domain.extend(id), await one.domain.rotate(id, one.domain.id('ada'))]).toEqual([false, false]);
      await one.domain.set(id, ada);
      one.store.restore();
      await replayed(world, one);
      expect([await two.domain.get(id), await two.domain.get('mine'), await two.domain.get(other)]).toEqual([
        undefined,
        undefined,
        ada,
      ]);
      await two.domain.set(id, ada);
      expect(await two.domain.get(id)).toBeUndefined();
    });

    test('deleteAll is kept, holds here at once, and spares who logs in later', async () => {
      const later = dataOf('ada', { createdAt: 4_000_000_000_000 });
      const rows = new Map<string, SessionData>();
      const [one, two] = [open({ source: { session: (id) => rows.get(id) } }), open()];
      const [old, fresh] = [await one.domain.create(ada), one.domain.id('ada')];
      rows.set(old, ada).set(fresh, later);
      one.store.takeDown();
      expect(await one.domain.deleteAll('ada')).toBe(0);
      expect([await soon(one.domain.get(old)), await soon(one.domain.get(fresh))]).toEqual([undefined, later]);
      expect([await one.domain.count('ada'), await soon(one.domain.extend(old))]).toEqual([0, false]);
      one.store.restore();
      // What is kept for the user goes first.
      const now = await one.domain.create(ada);
      expect([await two.domain.get(old), await two.domain.get(now)]).toEqual([undefined, ada]);
    });

    test('deleteOthers is kept and spares the one; a deleteAll before it stands', async () => {
      const [one, two] = [open(), open()];
      const [kept, other] = [await one.domain.create(ada), await one.domain.create(ada)];
      one.store.fail('run:revoke', undefined, 1);
      expect(await one.domain.deleteOthers('ada', kept)).toBe(0);
      expect([await one.domain.get(kept), await one.domain.get(other), await one.domain.count('ada')]).toEqual([
        ada,
        undefined,
        1,
      ]);
      await replayed(world, one);
      expect([await two.domain.get(kept), await two.domain.get(other)]).toEqual([ada, undefined]);
      one.store.takeDown();
      await one.domain.deleteAll('ada');
      await one.domain.deleteOthers('ada', kept);
      one.store.restore();
      await replayed(world, one);
      expect(await two.domain.get(kept)).toBeUndefined();
    });

    test('a revocation that is told again, or late, spares who has logged in since', async () => {
      const [first, other] = [open(), open()];
      const { domain, store } = first;
      const old = await other.domain.create(ada);
      store.dropReply('run:revoke');
      await soon(domain.deleteAll('ada'));
      store.takeDown();
      await domain.deleteAll('ada');
      await world.pass(150);
      const id = await other.domain.create(ada);
      store.restore();
      await replayed(world, first);
      expect([await other.domain.get(old), await other.domain.get(id), await domain.get(id)]).toEqual([
        undefined,
        ada,
        ada,
      ]);
      expect(await domain.count('ada')).toBe(1);
    });

    test('what was read before a server that forgot everything is not written back after deleteAll', async () => {
      const [one, two] = [open(), open()];
      for (const id of ['mine', one.domain.id('ada')]) {
        await one.domain.set(id, ada);
        const read = await one.domain.get(id);
        for await (const keys of one.store.scan(`${world.prefix}:*`)) await one.store.delete(keys);
        one.store.restore(`after-${id.length}`);
        await two.domain.deleteAll('ada');
        await one.domain.set(id, read!);
        expect([await two.domain.get(id), await two.domain.count('ada')]).toEqual([undefined, 0]);
        // Nobody has read this one: it is a login.
        await one.domain.set(`new-${id}`, ada);
        expect(await two.domain.get(`new-${id}`)).toEqual(ada);
      }
    });

    test('what was acknowledged last is told again to whoever takes over', async () => {
      const one = open();
      const { domain, store } = one;
      const old = open({ prefix: `${world.prefix}-old` });
      const names = ['deleted', 'mine', 'rotated', 'swept'] as const;
      const ids = new Map(
        names.map((name) => [name, name === 'mine' ? name : domain.id(name === 'swept' ? 'bob' : 'ada')]),
      );
      const all = [...ids.values()];
      const storeAll = (on: SessionCache): Promise<unknown> =>
        Promise.all(names.map((name) => on.set(ids.get(name)!, name === 'swept' ? dataOf('bob') : ada)));
      await storeAll(domain);
      await domain.delete(ids.get('deleted')!);
      await domain.delete('mine');
      await domain.rotate(ids.get('rotated')!, domain.id('ada'));
      await domain.deleteAll('bob');
      await domain.invalidateToken('token', '1m');
      // Another server, which holds what was there before all that.
      await storeAll(old.domain);
      const moved = new Map<string, Buffer | null>();
      for await (const keys of store.scan(`${world.prefix}-old:*`))
        for (const key of keys) moved.set(key.replace('-old:', ':'), await store.readOne(key));
      for await (const keys of store.scan(`${world.prefix}:*`)) await store.delete(keys);
      for (const [key, value] of moved) if (value) await store.run(put, { key, value });
      expect(await Promise.all(all.map((id) => open().domain.get(id)))).toEqual([ada, ada, ada, dataOf('bob')]);
      store.restore('another');
      expect(await Promise.all(all.map((id) => domain.get(id)))).toEqual(names.map(() => undefined));
      await replayed(world, one);
      expect(await Promise.all(all.map((id) => open().domain.get(id)))).toEqual(names.map(() => undefined));
      expect(await open().domain.isTokenBlacklisted('token')).toBe(true);
      const calls = store.calls.length;
      store.restore('a third');
      await world.pass(200);
      expect(store.calls).toHaveLength(calls);
    });

    test('data that could not be stored are dropped: nothing older is answered', async () => {
      const one = open();
      const { domain, store } = one;
      const id = await domain.create(ada);
      store.fail('run:save');
      await domain.set(id, { ...ada, displayName: 'less rights' });
      expect(await domain.get(id)).toBeUndefined();
      await replayed(world, one);
      expect([await domain.get(id), await domain.count('ada')]).toEqual([undefined, 0]);
    });
  });
}
