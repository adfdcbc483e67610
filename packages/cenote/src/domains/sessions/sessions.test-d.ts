import type { Store } from '../../store/store.js';
import { SessionCache, type Session, type SessionData } from './index.js';

/** Compile errors that the library promises: each line under an expectation must fail, every other must compile. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(proof: Same<A, B>): void;

interface Staff extends SessionData {
  readonly createdAt: Date;
  readonly roles: readonly string[];
}

declare const store: Store;
declare const staff: Staff;
declare const database: {
  find(id: string, signal: AbortSignal): Promise<Staff | null>;
  revoked(id: string): Promise<boolean>;
};

const plain = new SessionCache({ store });
const sessions = new SessionCache<Staff>({
  store,
  maxPerUser: 5,
  absoluteTtl: '30d',
  source: { session: (id, { signal }) => database.find(id, signal), revoked: (id) => database.revoked(id) },
});

const data = await plain.get('id');
same<typeof data, SessionData | undefined>(true);
const found = await sessions.get('id', { extend: '15m', deadline: 100 });
same<typeof found, Staff | undefined>(true);
const listed = await sessions.list('7');
same<typeof listed, Session<Staff>[]>(true);
same<(typeof listed)[0]['data'], Staff>(true);
const id = await sessions.create(staff, '1h');
same<typeof id, string>(true);

// @ts-expect-error: data that lack what a session holds.
await plain.create({ userId: '7' });
// @ts-expect-error: data of another shape.
await sessions.set('id', { ...staff, roles: 'admin' });
// @ts-expect-error: a duration without a unit.
await sessions.extend('id', '15');
// @ts-expect-error: data without a user.
export const wrongShape = new SessionCache<{ id: string }>({ store });
// @ts-expect-error: there must be a store.
export const noStore = new SessionCache({});
// @ts-expect-error: an option that does not exist.
export const misspelt = new SessionCache({ store, maxPerUsers: 5 });
// @ts-expect-error: a source of other sessions.
export const wrongSource = new SessionCache<Staff>({ store, source: { session: (): SessionData | null => null } });
