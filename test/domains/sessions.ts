/**
 * Sessions under fire. The truth lies in files, one for each live session and each revoked token, as a database would hold
 * them: a login writes its file first, a logout removes it first, and the cache asks them as its source. Afterwards no read
 * may have shown a session, or passed a token, that was revoked before it began; none may have missed a session that lived.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Store } from 'cenote';
import { SessionCache, type SessionData } from 'cenote/sessions';

import type { Actor, Place, Torture } from './torture.js';

/** An end of a session or a token. `isKept`: known to this process only, so far. */
interface Ended {
  readonly id: string;
  readonly how: string;
  readonly process: number;
  readonly isKept: boolean;
  readonly start: number;
  readonly end: number;
}
interface Begun {
  readonly id: string;
  readonly user: string;
  readonly start: number;
}
interface Read {
  readonly id: string;
  readonly how: string;
  readonly process: number;
  readonly found: boolean;
  readonly start: number;
  readonly end: number;
}
/** A revocation of all sessions of a user, but perhaps one. */
interface Swept {
  readonly user: string;
  readonly start: number;
  readonly end: number;
}
interface Report {
  readonly folder: string;
  readonly begun: readonly Begun[];
  readonly ended: readonly Ended[];
  readonly swept: readonly Swept[];
  readonly reads: readonly Read[];
  readonly banned: readonly Ended[];
  readonly checks: readonly Read[];
}

const prefix = 'torture-sessions';
const users = ['ana', 'beto', 'chayo', 'don-luis', 'eva', 'fito'];
const mostSeen = 200;
const mostHot = 3;
/** Slow writes under way in one process. */
const mostSlow = 3;
/** Milliseconds within which a login may fall to a revocation of its user that was under way or is told late. */
const doubt = 1_000;

/** Milliseconds that all processes of a machine agree on. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

class Truth {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    for (const each of ['sessions', 'tokens']) mkdirSync(join(folder, each), { recursive: true });
  }

  session(id: string): SessionData | undefined {
    try {
      return JSON.parse(readFileSync(this.#path(id), 'utf8')) as SessionData;
    } catch {
      return undefined;
    }
  }

  begin(id: string, data: SessionData): void {
    const path = this.#path(id);
    writeFileSync(join(this.folder, `new-${process.pid}`), JSON.stringify(data));
    renameSync(join(this.folder, `new-${process.pid}`), path);
  }

  end(id: string): void {
    rmSync(this.#path(id), { force: true });
  }

  live(): string[] {
    return readdirSync(join(this.folder, 'sessions'));
  }

  of(user: string): string[] {
    return this.live().filter((id) => this.session(id)?.userId === user);
  }

  ban(token: string): void {
    writeFileSync(join(this.folder, 'tokens', token), '');
  }

  banned(): string[] {
    return readdirSync(join(this.folder, 'tokens'));
  }

  #path(id: string): string {
    return join(this.folder, 'sessions', id);
  }
}

function sessionsOn(store: Store, truth: Truth, slowly: () => Promise<void>, onKeep: () => void): SessionCache {
  return new SessionCache({
    store,
    prefix,
    touchEvery: 20,
    onEvent: ({ type }) => type === 'keep' && onKeep(),
    source: {
      async session(id) {
        const data = truth.session(id);
        await slowly();
        return data;
      },
      async revoked(token) {
        const isBanned = truth.banned().includes(token);
        await slowly();
        return isBanned;
      },
    },
  });
}

class SessionsActor implements Actor {
  readonly #place: Place;
  readonly #truth: Truth;
  readonly #cache: SessionCache;
  readonly #seen: string[] = [];
  readonly #report: { [Name in keyof Omit<Report, 'folder'>]: Report[Name][number][] };
  readonly #slow = new Set<Promise<void>>();
  #kept = 0;
  #count = 0;

  constructor(store: Store, place: Place, truth: Truth) {
    this.#place = place;
    this.#truth = truth;
    this.#cache = sessionsOn(
      store,
      truth,
      // Reads the truth at once, and is slow to say.
      async () => void (place.random() < 0.5 && (await sleep(place.random() * 4))),
      () => void this.#kept++,
    );
    this.#report = { begun: [], ended: [], swept: [], reads: [], banned: [], checks: [] };
  }

  async step(): Promise<void> {
    const chance = this.#place.random();
    if (chance < 0.4) return this.#check();
    if (chance < 0.55) return this.#login();
    if (chance < 0.66) return this.#writeSlowly();
    if (chance < 0.78) return this.#logout();
    if (chance < 0.84) return this.#rotate();
    if (chance < 0.87) return this.#sweep();
    if (chance < 0.9) return this.#sweepOthers();
    if (chance < 0.95) return this.#checkToken();
    return this.#ban();
  }

  report(): Report {
    return { folder: this.#truth.folder, ...this.#report };
  }

  async close(): Promise<void> {
    await Promise.all(this.#slow);
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.#place.random() * from.length)];
  }

  /** A session that lives, or that this process has seen. */
  #any(): string | undefined {
    const live = this.#truth.live();
    const choice = this.#place.random();
    // Some are everybody's favourites: that is where logouts and slow requests meet.
    const id = this.#pick(
      choice < 0.4 ? live.slice(0, mostHot)
      : choice < 0.6 ? live
      : this.#seen.slice(choice < 0.8 ? -mostHot : 0),
    );
    if (id !== undefined && !this.#seen.includes(id)) {
      this.#seen.push(id);
      if (this.#seen.length > mostSeen) this.#seen.shift();
    }
    return id;
  }

  #data(user: string): SessionData {
    return { userId: user, username: user, displayName: user, createdAt: Date.now(), lastActivity: Date.now() };
  }

  /** Now and then an id of the caller's. */
  #newId(user: string): string {
    return this.#place.random() < 0.3 ? `given-${this.#place.process}-${this.#count++}` : this.#cache.id(user);
  }

  async #check(): Promise<void> {
    const id = this.#any();
    if (id === undefined) return;
    const start = now();
    const how = this.#pick(['get', 'get and extend', 'extend'] as const);
    const found =
      how === 'extend' ?
        await this.#cache.extend(id, '1h')
      : (await this.#cache.get(id, how === 'get' ? {} : { extend: '1h' })) !== undefined;
    this.#report.reads.push({ id, how: how ?? '', process: this.#place.process, found, start, end: now() });
  }

  async #login(): Promise<void> {
    const user = this.#pick(users) ?? '';
    const id = this.#newId(user);
    const start = now();
    this.#truth.begin(id, this.#data(user));
    this.#report.begun.push({ id, user, start });
    await this.#cache.set(id, this.#data(user), '1h');
  }

  /** As a request does that began before a logout and writes what it had read, while others go on. */
  async #writeSlowly(): Promise<void> {
    if (this.#slow.size >= mostSlow) await Promise.race(this.#slow);
    const id = this.#any();
    const data = id && (await this.#cache.get(id));
    if (!id || !data) return;
    const write = async (): Promise<void> => {
      await sleep(this.#place.random() * 60);
      await this.#cache.set(id, { ...data, lastActivity: Date.now() }, '1h');
    };
    const writing: Promise<void> = write().finally(() => this.#slow.delete(writing));
    this.#slow.add(writing);
  }

  /** Has the truth know first, then the cache. */
  async #end(to: Ended[], how: string, ids: readonly string[], end: () => Promise<unknown>): Promise<void> {
    const [start, kept] = [now(), this.#kept];
    await end();
    const isKept = this.#kept > kept;
    for (const id of ids) to.push({ id, how, process: this.#place.process, isKept, start, end: now() });
  }

  async #logout(): Promise<void> {
    const id = this.#any();
    if (id === undefined) return;
    this.#truth.end(id);
    await this.#end(this.#report.ended, 'delete', [id], () => this.#cache.delete(id));
  }

  async #rotate(): Promise<void> {
    const id = this.#pick(this.#truth.live());
    const data = id && this.#truth.session(id);
    if (!id || !data) return;
    const next = this.#newId(data.userId);
    const start = now();
    this.#truth.end(id);
    this.#truth.begin(next, data);
    await this.#end(this.#report.ended, 'rotate', [id], async () => {
      if (!(await this.#cache.rotate(id, next))) await this.#cache.delete(id);
    });
    // What it began as may have been revoked meanwhile, and be nobody's to miss.
    this.#report.swept.push({ user: next, start, end: now() });
    this.#report.begun.push({ id: next, user: data.userId, start });
  }

  async #sweep(): Promise<void> {
    const user = this.#pick(users) ?? '';
    const ids = this.#truth.of(user);
    const start = now();
    for (const id of ids) this.#truth.end(id);
    await this.#end(this.#report.ended, 'deleteAll', ids, () => this.#cache.deleteAll(user));
    this.#report.swept.push({ user, start, end: now() });
  }

  async #sweepOthers(): Promise<void> {
    const user = this.#pick(users) ?? '';
    const ids = this.#truth.of(user);
    const keep = this.#pick(ids);
    if (keep === undefined) return;
    const others = ids.filter((id) => id !== keep);
    const start = now();
    for (const id of others) this.#truth.end(id);
    await this.#end(this.#report.ended, 'deleteOthers', others, () => this.#cache.deleteOthers(user, keep));
    this.#report.swept.push({ user, start, end: now() });
  }

  async #checkToken(): Promise<void> {
    const id =
      this.#place.random() < 0.5 ? this.#pick(this.#truth.banned()) : `t${Math.floor(this.#place.random() * 5_000)}`;
    if (id === undefined) return;
    const start = now();
    const found = await this.#cache.isTokenBlacklisted(id);
    this.#report.checks.push({ id, how: 'token', process: this.#place.process, found, start, end: now() });
  }

  async #ban(): Promise<void> {
    const id = `t${Math.floor(this.#place.random() * 5_000)}`;
    const start = now();
    this.#truth.ban(id);
    await this.#end(this.#report.banned, 'ban', [id], () => this.#cache.invalidateToken(id, '1h'));
    // Its truth was known before the call.
    const last = this.#report.banned.pop();
    if (last) this.#report.banned.push({ ...last, start });
  }
}

function byId<Each extends { readonly id: string }>(all: readonly Each[]): Map<string, Each[]> {
  const map = new Map<string, Each[]>();
  for (const each of all) {
    const known = map.get(each.id);
    if (known) known.push(each);
    else map.set(each.id, [each]);
  }
  return map;
}

const isKnown = (ended: Ended, read: Read): boolean =>
  ended.end < read.start && (!ended.isKept || ended.process === read.process);

function findingsOf(reports: readonly Report[]): string[] {
  const ended = byId(reports.flatMap((report) => report.ended));
  const banned = byId(reports.flatMap((report) => report.banned));
  const begun = new Map(reports.flatMap((report) => report.begun).map((each) => [each.id, each]));
  const swept = reports.flatMap((report) => report.swept);
  const found: string[] = [];
  for (const read of reports.flatMap((report) => report.reads)) {
    const say = (what: string): void => void found.push(`process ${read.process}, ${read.how} ${read.id}: ${what}`);
    const ends = ended.get(read.id) ?? [];
    const before = ends.find((each) => isKnown(each, read));
    if (read.found && before) say(`live, ${(read.start - before.end).toFixed(1)} ms after ${before.how}`);
    const beginning = begun.get(read.id);
    if (read.found || !beginning || ends.length > 0 || beginning.start > read.start) continue;
    const isDoubtful = swept.some(
      ({ user, start, end }) =>
        (user === beginning.user || user === read.id) && start < read.end && end + doubt > beginning.start,
    );
    if (!isDoubtful) say('missed, though it lived');
  }
  for (const read of reports.flatMap((report) => report.checks)) {
    const bans = banned.get(read.id) ?? [];
    if (!read.found && bans.some((each) => isKnown(each, read)))
      found.push(`token ${read.id}: passed after its revocation`);
    if (read.found && !bans.some((each) => each.start < read.end))
      found.push(`token ${read.id}: refused, but not revoked`);
  }
  return found;
}

/** In the end, nothing that was revoked is live or listed, and all that lives is found. */
async function lastFindings(reports: readonly Report[], store: Store, truth: Truth): Promise<string[]> {
  const cache = sessionsOn(
    store,
    truth,
    async () => {},
    () => {},
  );
  const found: string[] = [];
  const ids = new Set(reports.flatMap((report) => report.ended.map(({ id }) => id)));
  for (const id of ids) if (!truth.session(id) && (await cache.get(id))) found.push(`${id}: live in the end`);
  for (const user of users) {
    const live = truth.of(user).length;
    const listed = (await cache.list(user)).length;
    if (listed > live) found.push(`${user}: ${listed} sessions listed, ${live} live`);
    if ((await cache.count(user)) !== listed) found.push(`${user}: count differs from what is listed`);
  }
  for (const token of truth.banned())
    if (!(await cache.isTokenBlacklisted(token))) found.push(`token ${token}: passes in the end`);
  return found;
}

export const torture: Torture = {
  name: 'sessions',
  async open(store, place) {
    const { address = 'memory' } = await store.health();
    // One folder for all the processes of a run: of one parent, on one server.
    const folder = join(tmpdir(), `cenote-sessions-${process.ppid}-${encodeURIComponent(address)}`);
    return new SessionsActor(store, place, new Truth(folder));
  },
  async verify(reports, store) {
    const all = reports as readonly Report[];
    const [first] = all;
    if (!first) return ['nobody reported'];
    try {
      const found = [...findingsOf(all), ...(await lastFindings(all, store, new Truth(first.folder)))];
      const hits = all.flatMap(({ reads }) => reads).filter((read) => read.found).length;
      return hits > 0 ? found : [...found, 'nothing was found'];
    } finally {
      rmSync(first.folder, { recursive: true, force: true });
    }
  },
};
