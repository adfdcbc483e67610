import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { World } from '../../cache/world.fixture.js';
import type { DomainProcess } from '../kit/worlds.fixture.js';
import type { SessionCache } from './index.js';
import { openSessions, replayed, type SessionOptionsOfTests } from './sessions.fixture.js';

/** What becomes of revoked tokens, on whatever store. */
export function tokensSuite(makeWorld: () => World): void {
  let world: World;
  beforeEach(() => void (world = makeWorld()));
  afterEach(() => world.close());

  const open = (options?: SessionOptionsOfTests): DomainProcess<SessionCache> => openSessions(world, options);
  const soon = <T>(promise: Promise<T>): Promise<T> => world.soon(promise);

  describe('tokens', () => {
    test('are revoked for the life they have left', async () => {
      const { domain } = open();
      expect(await domain.isTokenBlacklisted('t1')).toBe(false);
      await domain.invalidateToken('t1', 1_000);
      await domain.invalidateToken('t1', 50);
      expect([await domain.isTokenBlacklisted('t1'), await domain.isTokenBlacklisted('t2')]).toEqual([true, false]);
      await world.pass(100);
      expect(await domain.isTokenBlacklisted('t1')).toBe(true);
      await world.pass(910);
      expect(await domain.isTokenBlacklisted('t1')).toBe(false);
    });

    test('ask the source until the store can have lost no revocation, but not each time', async () => {
      const asked: string[] = [];
      const revoked = (id: string): boolean => Boolean(asked.push(id)) && id === 'bad';
      const { domain, store } = open({ source: { revoked }, longestToken: 2_000 });
      const ask = (id: string): Promise<boolean> => soon(domain.isTokenBlacklisted(id));
      expect([await ask('good'), await ask('good'), await ask('bad'), await ask('bad')]).toEqual([
        false,
        false,
        true,
        true,
      ]);
      expect(asked).toEqual(['good', 'bad', 'bad']);
      await domain.invalidateToken('good', 1_500);
      expect(await ask('good')).toBe(true);
      await world.pass(2_010);
      expect([await ask('good'), await ask('bad')]).toEqual([false, true]);
      const before = asked.length;
      store.restore('another');
      expect([await ask('good'), await ask('good'), asked.slice(before)]).toEqual([false, false, ['good']]);
      store.restore('a third');
      await ask('good');
      expect(asked.slice(before)).toEqual(['good', 'good']);
    });

    test('a revocation that comes while the source is asked stands', async () => {
      let answer: (revoked: boolean) => void = () => {};
      let isAsked = (): void => {};
      const asked = new Promise<void>((resolve) => (isAsked = resolve));
      const revoked = (): Promise<boolean> => {
        isAsked();
        return new Promise((resolve) => (answer = resolve));
      };
      const { domain } = open({ source: { revoked } });
      const question = soon(domain.isTokenBlacklisted('t'));
      await asked;
      await domain.invalidateToken('t', '1m');
      answer(false);
      await question;
      expect(await domain.isTokenBlacklisted('t')).toBe(true);
    });

    test('store away: the source answers; without one, or when it fails too, it rejects', async () => {
      const withSource = open({ source: { revoked: (id) => id === 'bad' } });
      const failing = open({ source: { revoked: () => Promise.reject(new Error('no database')) } });
      const alone = open();
      for (const { store } of [withSource, failing, alone]) store.takeDown();
      expect(await soon(withSource.domain.isTokenBlacklisted('bad'))).toBe(true);
      expect(await soon(withSource.domain.isTokenBlacklisted('good'))).toBe(false);
      await expect(soon(failing.domain.isTokenBlacklisted('good'))).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
      await expect(soon(alone.domain.isTokenBlacklisted('good'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });

    test('a revocation the store did not take holds here, is sent later, and never outlives its token', async () => {
      const [one, two] = [open(), open()];
      one.store.takeDown();
      await one.domain.invalidateToken('long', '1m');
      await one.domain.invalidateToken('short', 600);
      expect(await one.domain.isTokenBlacklisted('long')).toBe(true);
      expect(await one.domain.isTokenBlacklisted('short')).toBe(true);
      await world.pass(610);
      await expect(one.domain.isTokenBlacklisted('short')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      one.store.restore();
      await replayed(world, one);
      expect([await two.domain.isTokenBlacklisted('long'), await two.domain.isTokenBlacklisted('short')]).toEqual([
        true,
        false,
      ]);
    });
  });
}
