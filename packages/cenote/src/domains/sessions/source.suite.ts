import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { World } from '../../cache/world.fixture.js';
import { UsageError } from '../../core/errors.js';
import type { DomainProcess } from '../kit/worlds.fixture.js';
import type { SessionCache, SessionData } from './index.js';
import { ada, dataOf, openSessions, type SessionOptionsOfTests } from './sessions.fixture.js';

/** Sessions with a source of truth behind them, on whatever store. */
export function sourceSuite(makeWorld: () => World): void {
  let world: World;
  beforeEach(() => void (world = makeWorld()));
  afterEach(() => world.close());

  const open = (options?: SessionOptionsOfTests): DomainProcess<SessionCache> => openSessions(world, options);
  const soon = <T>(promise: Promise<T>): Promise<T> => world.soon(promise);

  describe('the source', () => {
    const database = (): {
      rows: Map<string, SessionData>;
      asked: string[];
      session: (id: string) => Promise<SessionData | null>;
    } => {
      const rows = new Map<string, SessionData>();
      const asked: string[] = [];
      const session = (id: string): Promise<SessionData | null> => {
        asked.push(id);
        return Promise.resolve(rows.get(id) ?? null);
      };
      return { rows, asked, session };
    };

    test('answers what is not stored, once; its answer counts as a session', async () => {
      const truth = database();
      const { domain } = open({ source: truth });
      const id = domain.id('ada');
      truth.rows.set(id, ada).set('mine', ada);
      for (let i = 0; i < 3; i++) expect(await soon(domain.get(id))).toEqual(ada);
      expect(truth.asked).toEqual([id]);
      // Whose an unknown id is must be learnt first: what is loaded for that is not stored.
      for (let i = 0; i < 3; i++) expect(await soon(domain.get('mine'))).toEqual(ada);
      expect(truth.asked).toEqual([id, 'mine', 'mine']);
      expect(await domain.count('ada')).toBe(2);
      expect(await soon(domain.get(domain.id('ada')))).toBeUndefined();
      expect(await soon(domain.extend(domain.id('ada')))).toBe(false);
    });

    test('says whether a session lives that is not stored, which is then extended', async () => {
      const truth = database();
      const { domain, store } = open({ source: truth });
      const id = domain.id('ada');
      truth.rows.set(id, ada);
      expect(await soon(domain.extend(id, '1h'))).toBe(true);
      const [session] = await domain.list('ada');
      expect((session?.expiresAt.getTime() ?? 0) - store.now()).toBeGreaterThan(50 * 60_000);
      truth.rows.set('mine', ada);
      expect(await soon(domain.extend('mine', '1h'))).toBe(true);
    });

    test('is not asked for what was deleted here', async () => {
      const truth = database();
      const { domain } = open({ source: truth });
      const id = await domain.create(ada);
      truth.rows.set(id, ada).set('mine', ada);
      await domain.delete(id);
      await domain.delete('mine');
      expect([await soon(domain.get(id)), await soon(domain.get('mine'))]).toEqual([undefined, undefined]);
      expect(truth.asked).toEqual([]);
    });

    for (const end of ['delete', 'deleteAll', 'deleteOthers', 'deleteAll of a known user'] as const) {
      test(`an answer that ${end} overtook is not stored, and joined by nobody who came after`, async () => {
        let answer: (data: SessionData) => void = () => {};
        let isAsked = (): void => {};
        const asked = new Promise<void>((resolve) => (isAsked = resolve));
        let loads = 0;
        // Alive when it was asked first, and never again.
        const session = (): Promise<SessionData | null> => {
          isAsked();
          return loads++ > 0 ? Promise.resolve(null) : new Promise((resolve) => (answer = resolve));
        };
        const [one, two] = [open({ source: { session } }), open({ source: { session } })];
        if (end === 'deleteAll of a known user') await two.domain.create(ada);
        const id = one.domain.id('ada');
        const early = soon(one.domain.get(id));
        await asked;
        if (end === 'delete') await two.domain.delete(id);
        else if (end === 'deleteOthers') await two.domain.deleteOthers('ada', 'another');
        else await two.domain.deleteAll('ada');
        const late = soon(one.domain.get(id));
        await world.turns();
        answer(ada);
        expect(await early).toEqual(ada);
        expect(await late).toBeUndefined();
        expect(await soon(two.domain.get(id))).toBeUndefined();
      });
    }

    test('is believed rather than what an earlier server held', async () => {
      const truth = database();
      const { domain, store } = open({ source: truth });
      const id = await domain.create(ada);
      await domain.create(ada);
      truth.rows.set(id, { ...ada, displayName: 'from the source' });
      store.restore('another');
      expect([await domain.count('ada'), await domain.list('ada')]).toEqual([0, []]);
      expect(await soon(domain.get(id))).toMatchObject({ displayName: 'from the source' });
      expect(await domain.count('ada')).toBe(1);
      truth.rows.clear();
      expect(await soon(domain.get(id))).toMatchObject({ displayName: 'from the source' });
      store.restore('a third');
      expect(await soon(domain.get(id))).toBeUndefined();
    });

    test('has the word on a login that a revocation overtook on its way here', async () => {
      const truth = database();
      const { domain, events } = open({ source: truth });
      for (const id of ['mine', domain.id('ada')]) {
        truth.rows.set(id, ada);
        // Another process: the rows go first, then deleteAll; the login's own set comes last.
        truth.rows.clear();
        await domain.deleteAll('ada');
        await domain.set(id, ada);
        expect([await soon(domain.get(id)), await domain.count('ada')]).toEqual([undefined, 0]);
      }
      expect(events.filter(({ type }) => type === 'refuse')).toMatchObject([{ reason: 'held' }, { reason: 'held' }]);
      const id = domain.id('ada');
      truth.rows.set(id, ada);
      await domain.set(id, ada);
      expect([await soon(domain.get(id)), await domain.count('ada')]).toEqual([ada, 1]);
      expect(await domain.get(await domain.create(ada))).toEqual(ada);
    });

    test('is not there: what comes back with a server counts', async () => {
      const { domain, store } = open();
      const id = await domain.create(ada);
      store.restore('another');
      expect([await domain.get(id), await domain.count('ada'), await domain.extend(id)]).toEqual([ada, 1, true]);
    });

    test('that answers nonsense is a mistake, told as such', async () => {
      const { domain } = open({ source: { session: () => dataOf('bob') } });
      await expect(soon(domain.get(domain.id('ada')))).rejects.toThrow(UsageError);
      const broken = open({ source: { session: () => ({ userId: 'ada' }) as SessionData } });
      await expect(soon(broken.domain.get(broken.domain.id('ada')))).rejects.toThrow('source.session().createdAt');
    });
  });
}
