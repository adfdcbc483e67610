/** What the suites of sessions have in common. */
import type { World } from '../../cache/world.fixture.js';
import { domainProcess, type DomainProcess } from '../kit/worlds.fixture.js';
import { SessionCache, type SessionData, type SessionOptions } from './index.js';

export type SessionOptionsOfTests = Omit<SessionOptions<SessionData>, 'store'>;

export function dataOf(userId: string, more: Partial<SessionData> = {}): SessionData {
  return {
    userId,
    username: userId,
    displayName: `The one and only ${userId}`,
    createdAt: 1_700_000_000_000,
    lastActivity: '2026-11-21T10:00:00.000Z',
    ...more,
  };
}

export const ada = dataOf('ada');

/** Lets time pass until all that a process has kept is told. */
export async function replayed(world: World, { events }: DomainProcess<SessionCache>): Promise<void> {
  for (let count = 0; count < 500; count++) {
    const last = events.findLast(({ type }) => type === 'keep' || type === 'replay');
    if (last?.type === 'replay' && last.backlog === 0) return;
    await world.pass(20);
  }
  throw new Error('what was kept is not told');
}

/** A process with sessions. */
export function openSessions(world: World, options: SessionOptionsOfTests = {}): DomainProcess<SessionCache> {
  return domainProcess(world, (given) => new SessionCache({ ...given, ...options }));
}
