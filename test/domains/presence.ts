import { setTimeout as sleep } from 'node:timers/promises';

import type { Store } from 'cenote';
import { PresenceCache, type PresenceStatus } from 'cenote/presence';

import type { Actor, Place, Torture } from './torture.js';

const prefix = 'torture';
const shared = Array.from({ length: 12 }, (_, n) => `shared-${n}`);

/** A user who comes once, is heard of at times, and falls silent or leaves. */
interface Guest {
  readonly id: string;
  readonly life: number;
  /** Of the store, when it acknowledged the arrival; absent if it did not. */
  readonly epoch: string | undefined;
  /** On this process's monotonic clock, just before the arrival or the last heartbeat was sent. */
  heardAt: number;
  /** The leave was acknowledged, surely before the connection expired. */
  hasLeft: boolean;
  /** Something about them was not acknowledged. */
  isDoubtful: boolean;
}

/** A user of this process alone, whose connections last. */
interface Resident {
  readonly id: string;
  epoch: string | undefined;
  status: PresenceStatus;
  readonly connections: Set<string>;
  isDoubtful: boolean;
}

interface Report {
  readonly place: number;
  readonly epoch: string | undefined;
  readonly guests: readonly Guest[];
  readonly residents: readonly {
    readonly id: string;
    readonly epoch: string | undefined;
    readonly status: PresenceStatus;
    readonly isDoubtful: boolean;
  }[];
  /** Who was reported by sweeps of this process. */
  readonly silent: readonly string[];
  /** The last sweep of this process was not answered whole. */
  readonly owesReports: boolean;
  readonly findings: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

class Visitor implements Actor {
  readonly #presence: PresenceCache;
  readonly #store: Store;
  readonly #place: Place;
  readonly #guests: Guest[] = [];
  readonly #residents: Resident[];
  readonly #silent: string[] = [];
  readonly #findings: string[] = [];
  readonly #counts: Record<string, number> = {};
  /** The last that the feed said of users, another object each time; empty after a gap. */
  readonly #told = new Map<string, { readonly status: string }>();
  #gaps = 0;
  #faults = 0;
  #owesReports = false;
  #serial = 0;

  constructor(store: Store, place: Place) {
    this.#store = store;
    this.#place = place;
    this.#presence = new PresenceCache({
      store,
      prefix,
      onEvent: ({ type }) => void (type === 'store-fault' && this.#faults++),
    });
    this.#residents = [0, 1, 2].map((n) => ({
      id: `resident-${place.process}-${n}`,
      epoch: undefined,
      status: 'offline',
      connections: new Set(),
      isDoubtful: false,
    }));
    this.#presence.on('change', ({ userId, status }) => void this.#told.set(userId, { status }));
    this.#presence.on('gap', () => {
      this.#gaps++;
      this.#told.clear();
    });
  }

  async step(): Promise<void> {
    const [name, act] = this.#pick([
      ['guest comes', () => this.#invite()],
      ['guest comes', () => this.#invite()],
      ['guest is heard of', () => this.#hear()],
      ['guest leaves', () => this.#dismiss()],
      ['resident', () => this.#change(this.#pick(this.#residents))],
      ['resident', () => this.#change(this.#pick(this.#residents))],
      ['resident read', () => this.#read(this.#pick(this.#residents))],
      ['shared', () => this.#changeShared()],
      ['shared', () => this.#changeShared()],
      ['sweep', () => this.#sweep()],
      ['poll', () => this.#presence.poll()],
      ['mirror', () => this.#compare()],
      ['typing', () => this.#type()],
    ] as const);
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    await act();
    if (this.#place.random() < 0.1) await sleep(this.#place.random() * 5);
  }

  report(): Report {
    return {
      place: this.#place.process,
      epoch: this.#store.epoch,
      guests: this.#guests,
      residents: this.#residents.map(({ id, epoch, status, isDoubtful }) => ({ id, epoch, status, isDoubtful })),
      silent: this.#silent,
      owesReports: this.#owesReports,
      findings: this.#findings,
      counts: { ...this.#counts, gaps: this.#gaps, faults: this.#faults },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #invite(): Promise<void> {
    const id = `guest-${this.#place.process}-${this.#serial++}`;
    const life = 20 + Math.floor(this.#place.random() * 400);
    const heardAt = performance.now();
    const epoch = await this.#clean(() => this.#presence.setOnline(id, life));
    this.#guests.push({ id, life, epoch, heardAt, hasLeft: false, isDoubtful: epoch === undefined });
  }

  async #hear(): Promise<void> {
    const guest = this.#guests.at(-1 - Math.floor(this.#place.random() * 5));
    if (!guest || guest.hasLeft || guest.isDoubtful || !this.#isSurelyThere(guest)) return;
    const heardAt = performance.now();
    const epoch = await this.#clean(() => this.#presence.extendOnline(guest.id, guest.life));
    // After the connection had expired it is another visit, which may be reported too.
    if (epoch !== guest.epoch || !this.#isSurelyThere(guest)) guest.isDoubtful = true;
    guest.heardAt = heardAt;
  }

  async #dismiss(): Promise<void> {
    const guest = this.#guests.at(-1 - Math.floor(this.#place.random() * 5));
    if (!guest || guest.hasLeft || guest.isDoubtful || !this.#isSurelyThere(guest)) return;
    const epoch = await this.#clean(() => this.#presence.setOffline(guest.id));
    if (epoch === guest.epoch && this.#isSurelyThere(guest)) guest.hasLeft = true;
    else guest.isDoubtful = true;
  }

  /** Whether the connection of a guest cannot have expired yet: it expires after `life` from when the store heard, which was later. */
  #isSurelyThere({ heardAt, life }: Guest): boolean {
    return performance.now() - heardAt < life;
  }

  async #change(resident: Resident): Promise<void> {
    this.#renew(resident);
    const { id, connections } = resident;
    const [known] = connections;
    const connectionId = `c${this.#serial++}`;
    const [act, note] = this.#pick<readonly [() => Promise<void>, () => void]>([
      [
        () => this.#presence.setOnline(id, '1h', { connectionId }),
        () => {
          connections.add(connectionId);
          resident.status = 'online';
        },
      ],
      [
        () => this.#presence.extendOnline(id, '1h', { connectionId, active: true }),
        () => {
          connections.add(connectionId);
          resident.status = 'online';
        },
      ],
      [
        () => this.#presence.setOffline(id, { connectionId: known ?? connectionId }),
        () => {
          connections.delete(known ?? '');
          if (connections.size === 0) resident.status = 'offline';
        },
      ],
      [
        () => this.#presence.setOffline(id),
        () => {
          connections.clear();
          resident.status = 'offline';
        },
      ],
      [() => this.#presence.setAway(id), () => void (resident.status = connections.size > 0 ? 'away' : 'offline')],
    ]);
    const epoch = await this.#clean(act);
    if (epoch === resident.epoch) note();
    else resident.isDoubtful = true;
  }

  async #read(resident: Resident): Promise<void> {
    this.#renew(resident);
    let status: PresenceStatus = 'unknown';
    const epoch = await this.#clean(async () => void (status = await this.#presence.getStatus(resident.id)));
    if (epoch === undefined || epoch !== resident.epoch || resident.isDoubtful) return;
    this.#count('statuses compared');
    if (status !== resident.status) this.#find(`${resident.id} is ${status}, and should be ${resident.status}`);
  }

  /** Under another server everybody is offline, and what was doubtful is no more. */
  #renew(resident: Resident): void {
    const { epoch } = this.#store;
    if (epoch === undefined || epoch === resident.epoch) return;
    resident.epoch = epoch;
    resident.status = 'offline';
    resident.connections.clear();
    resident.isDoubtful = false;
  }

  async #changeShared(): Promise<void> {
    const id = this.#pick(shared);
    const connectionId = `p${this.#place.process}-${Math.floor(this.#place.random() * 3)}`;
    await this.#pick([
      () => this.#presence.setOnline(id, '1h', { connectionId }),
      () => this.#presence.extendOnline(id, '1h', { connectionId }),
      () => this.#presence.setOffline(id, { connectionId }),
      () => this.#presence.setOffline(id),
      () => this.#presence.setAway(id),
    ])();
  }

  /** What the feed says of users is what is: where it says nothing new between two polls, a read between them says the same. */
  async #compare(): Promise<void> {
    let before: ReadonlyMap<string, { readonly status: string }> = new Map();
    let after = before;
    let statuses = new Map<string, PresenceStatus>();
    const gaps = this.#gaps;
    const epoch = await this.#clean(async () => {
      await this.#presence.poll();
      before = new Map(this.#told);
      statuses = await this.#presence.getBulkStatus(shared);
      await this.#presence.poll();
      after = new Map(this.#told);
    });
    if (epoch === undefined || gaps !== this.#gaps) return;
    for (const id of shared) {
      const said = before.get(id);
      if (said === undefined || said !== after.get(id)) continue;
      this.#count('mirrors compared');
      if (statuses.get(id) !== said.status) this.#find(`${id} is ${statuses.get(id)}; the feed says ${said.status}`);
    }
  }

  async #sweep(): Promise<void> {
    const faults = this.#faults;
    this.#silent.push(...(await this.#presence.sweep()));
    this.#owesReports = faults !== this.#faults;
  }

  async #type(): Promise<void> {
    const id = `typist-${this.#place.process}`;
    let found: boolean | undefined;
    const epoch = await this.#clean(async () => {
      await this.#presence.setTyping('c1', id, '1m');
      found = await this.#presence.isTyping('c1', id);
    });
    if (epoch !== undefined && !found) this.#find(`${id} types, and nobody sees it`);
  }

  /** The epoch under which all of it went without a fault; `undefined` otherwise. */
  async #clean(act: () => Promise<void>): Promise<string | undefined> {
    const [epoch, faults] = [this.#store.epoch, this.#faults];
    await act();
    return faults === this.#faults && epoch === this.#store.epoch ? epoch : undefined;
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#place.random() * items.length)] as Item;
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }

  #find(finding: string): void {
    this.#findings.push(`process ${this.#place.process}: ${finding}`);
  }
}

async function verify(given: readonly unknown[], store: Store): Promise<readonly string[]> {
  const reports = given as readonly Report[];
  const presence = new PresenceCache({ store, prefix });
  const findings = reports.flatMap((report) => report.findings);
  const last = await presence.sweep();
  const times = new Map<string, number>();
  for (const id of [...last, ...reports.flatMap(({ silent }) => silent)]) times.set(id, (times.get(id) ?? 0) + 1);
  const owed = reports.some(({ owesReports }) => owesReports);
  for (const guest of reports.flatMap(({ guests }) => guests)) {
    const count = times.get(guest.id) ?? 0;
    times.delete(guest.id);
    if (guest.isDoubtful) continue;
    if (count > 1) findings.push(`${guest.id} fell silent once, and was reported ${count} times`);
    if (guest.hasLeft && count > 0) findings.push(`${guest.id} left, and was reported`);
    if (!guest.hasLeft && count === 0 && guest.epoch === store.epoch && !owed)
      findings.push(`${guest.id} fell silent, and nobody was told`);
  }
  for (const id of times.keys()) findings.push(`${id} was reported, and has never been silent`);
  const online = await listed(presence);
  if (new Set(online).size !== online.length) findings.push('somebody is listed twice');
  if ((await presence.getOnlineCount()) !== online.length) findings.push('the count is not the length of the list');
  for (const { id, epoch, status, isDoubtful } of reports.flatMap(({ residents }) => residents)) {
    const expected = epoch === store.epoch ? status : 'offline';
    const actual = await presence.getStatus(id);
    if (epoch === store.epoch && isDoubtful) continue;
    if (actual !== expected) findings.push(`${id} is ${actual} in the end, and should be ${expected}`);
    if (online.includes(id) !== (expected !== 'offline'))
      findings.push(`${id} is ${expected}; the list says otherwise`);
  }
  return [...findings, ...online.filter((id) => id.startsWith('guest')).map((id) => `${id} is still there`)];
}

async function listed(presence: PresenceCache): Promise<string[]> {
  const users: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await presence.getOnlineUsers(cursor === undefined ? {} : { cursor });
    users.push(...page.users);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return users;
}

export const torture: Torture = {
  name: 'presence',
  open: (store, place) => Promise.resolve(new Visitor(store, place)),
  verify,
};
