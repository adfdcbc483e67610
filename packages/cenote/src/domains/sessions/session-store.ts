import type { CallOptions } from '../../store/store.js';
import type { Ground } from '../kit/ground.js';
import { decodeRecord } from '../kit/record.js';
import { HandedOut } from './handed-out.js';
import { buried, bury, extend, revoke, route, save, type SaveInput } from './operations/index.js';
import type { SessionSettings } from './options.js';
import { newGeneration, tagOf, type Places, type SessionPlace, type UserPlace } from './places.js';
import type { Revocations, UserRevocation } from './revocations.js';
import type { SessionData } from './session.js';
import { gone, isLive, isOfEpoch, readStanding, readStored, writeStanding, type Stored } from './stored.js';

/** How long a tombstone keeps writes out that began before it: longer than any request takes. */
export const tombstoneLife = 3_600_000;

/**
 * How long after a revocation of the user a session that is new to the store is left to the source, in milliseconds: longer
 * than between a login's row in a database and its `set`. The revocation may have removed that row.
 */
const settleTime = 60_000;

const buryAtOnce = 50;

/** What one look at a session shows. */
export interface Sight {
  /** `cold`: not stored, or under a standing that is lost; `away`: the store did not say. */
  readonly state: 'live' | 'gone' | 'cold' | 'away';
  readonly stored?: Stored;
  readonly record?: string;
  /** The user's, if there is one. */
  readonly standing?: string;
}

export type Extended = 'extended' | 'gone' | 'cold';

/** How sessions are looked at, written and ended in the store: what the methods of `SessionCache` are made of. */
export class SessionStore<D extends SessionData> {
  readonly ground: Ground;
  readonly places: Places;
  readonly revocations: Revocations;
  /** What this process has read. */
  readonly handedOut = new HandedOut();
  readonly #settings: SessionSettings<D>;

  constructor(ground: Ground, places: Places, revocations: Revocations, settings: SessionSettings<D>) {
    this.ground = ground;
    this.places = places;
    this.revocations = revocations;
    this.#settings = settings;
  }

  /** Whether the source knows sessions: then what an earlier server held is cold, else it is all there is. */
  get hasSource(): boolean {
    return this.#settings.source.session !== undefined;
  }

  /** What scripts take as epoch. */
  async epoch(call: CallOptions): Promise<string> {
    return this.hasSource ? this.ground.epoch(call) : '';
  }

  /** One MGET. Never rejects but when the caller gives up. */
  async look(place: SessionPlace, call: CallOptions): Promise<Sight> {
    if (this.ground.kept.covers(place.record)) return { state: 'cold' };
    return this.ground.read(
      call,
      (asked) => this.ask(place, asked),
      (): Sight => ({ state: 'away' }),
    );
  }

  /** `look` that rejects with `StoreError`. */
  async ask(place: SessionPlace, call: CallOptions): Promise<Sight> {
    const [sight] = await this.askAll(place, [place], call);
    return sight ?? { state: 'cold' };
  }

  /** What a look at several sessions of one user shows, aligned. One MGET. */
  async askAll(user: UserPlace, places: readonly SessionPlace[], call: CallOptions): Promise<Sight[]> {
    const epoch = await this.epoch(call);
    const [held, ...records] = await this.ground.store.read(
      [user.standing, ...places.map(({ record }) => record)],
      call,
    );
    return places.map((_, i) => sightOf(records[i] ?? null, held ?? null, epoch));
  }

  /** The data in a record; `undefined` when it is unreadable or another user's. */
  data(place: UserPlace, record: string | undefined): D | undefined {
    const data = decodeRecord<D>(record);
    return typeof data?.userId === 'string' && tagOf(data.userId) === place.tag ? data : undefined;
  }

  /** Whose session a given id is: a tag, `gone`, or nothing. One round trip. Rejects with `StoreError`. */
  async routed(handle: string, call: CallOptions): Promise<string | undefined> {
    return (await this.ground.store.readOne(this.places.route(handle), call))?.toString();
  }

  /**
   * Stores a session, ending the oldest where there are too many. `isMade`: its id is new to everybody. One round trip; two
   * when it must make room.
   */
  async save(
    place: SessionPlace,
    { record, life, isMade }: { record: string; life: number; isMade: boolean },
    call: CallOptions,
  ): Promise<'stored' | 'gone' | 'voided'> {
    const kept = this.revocations.ofUser(place.tag);
    if (kept) await this.revoke(place, kept, call);
    const epoch = await this.ground.epoch(call);
    const read = this.handedOut.of(place.handle, epoch);
    const settle = this.hasSource && !isMade ? settleTime : undefined;
    const input = { ...this.input(place, record, life, epoch), read, settle };
    let room: SaveInput['room'] = [];
    for (;;) {
      const saved = await this.ground.store.run(save, { ...input, room }, call);
      if (saved.word !== 'full') return saved.word;
      call.signal?.throwIfAborted();
      room = saved.members.map((member) => ({
        member,
        record: this.places.session(place.tag, member.slice(member.indexOf('.') + 1)).record,
      }));
    }
  }

  /** Extends a session, and first the route to it where its id does not tell its user. */
  async extend(place: SessionPlace, isGiven: boolean, life: number, call: CallOptions): Promise<Extended> {
    const { index, standing, record, handle } = place;
    const { absoluteTtl: absolute, touchEvery: least } = this.#settings;
    if (isGiven) await this.route(place, 'keep', life, call);
    const epoch = await this.epoch(call);
    return this.ground.store.run(extend, { index, standing, record, epoch, handle, life, absolute, least }, call);
  }

  /** Whether extending by `life` gains enough to be written. No round trip. */
  isDue({ start, expires }: Stored, life: number): boolean {
    const { absoluteTtl = Infinity, touchEvery } = this.#settings;
    const gain = Math.min(this.ground.store.now() + life, start + absoluteTtl) - expires;
    return gain < 0 || gain >= Math.max(1, touchEvery);
  }

  /** Asks or changes the route of a given id. One round trip. */
  route(
    { handle, tag = '' }: { readonly handle: string; readonly tag?: string },
    mode: 'learn' | 'move' | 'keep' | 'bury',
    life: number,
    call: CallOptions,
  ): Promise<string> {
    return this.ground.store.run(route, { route: this.places.route(handle), mode, tag, life }, call);
  }

  /** Has a given id lead to its user; false when it was deleted. One round trip; four when it was another user's. */
  async routeTo(place: SessionPlace, life: number, call: CallOptions): Promise<boolean> {
    const held = await this.route(place, 'learn', life, call);
    if (held === buried || held === place.tag) return held !== buried;
    const before = this.places.session(held, place.handle);
    if ((await this.ask(before, call)).state === 'gone') return false;
    await this.bury(before, [place.handle], { what: 'all', tombstone: 0 }, call);
    return (await this.route(place, 'move', life, call)) !== buried;
  }

  /** Ends sessions of one user. One round trip. */
  async bury(
    user: UserPlace,
    handles: readonly string[],
    { what, tombstone }: { what: 'all' | 'dead'; tombstone: number },
    call: CallOptions,
  ): Promise<number> {
    const sessions = handles.map((handle) => ({ handle, record: this.places.session(user.tag, handle).record }));
    const { index, standing } = user;
    return this.ground.store.run(
      bury,
      { index, standing, epoch: await this.epoch(call), tombstone, what, sessions },
      call,
    );
  }

  /** Ends a session whose id does not tell its user. Two round trips; stays right when it dies between them. */
  async buryGiven(handle: string, call: CallOptions): Promise<number> {
    const known = await this.routed(handle, call);
    const tag = known ?? (await this.route({ handle }, 'bury', tombstoneLife, call));
    if (tag === buried || tag === 'absent') return 0;
    return this.bury(this.places.user(tag), [handle], { what: 'all', tombstone: tombstoneLife }, call);
  }

  /** Ends all sessions of a user, or all but one; kept when the store is away. One round trip. */
  revoke(user: UserPlace, asked: UserRevocation, call: CallOptions): Promise<number> {
    return this.revocations.user(user.tag, asked, call, {
      instead: 0,
      send: async (revocation, sent) => {
        const epoch = await this.ground.epoch(sent);
        const { record = '' } = revocation.keep === undefined ? {} : this.places.session(user.tag, revocation.keep);
        const { count, handles } = await this.ground.store.run(
          revoke,
          {
            index: user.index,
            standing: user.standing,
            epoch: this.hasSource ? epoch : '',
            at: revocation.at,
            fresh: newGeneration(epoch),
            life: tombstoneLife,
            keep: revocation.keep === undefined ? undefined : { handle: revocation.keep, record },
          },
          sent,
        );
        void this.#buryDead(user, handles);
        return count;
      },
    });
  }

  /** What has ended already makes room, and leaves tombstones that outlive it. Nobody waits for this. */
  async #buryDead(user: UserPlace, handles: readonly string[]): Promise<void> {
    try {
      for (let at = 0; at < handles.length; at += buryAtOnce)
        await this.bury(user, handles.slice(at, at + buryAtOnce), { what: 'dead', tombstone: tombstoneLife }, {});
    } catch (error) {
      this.ground.tally.storeFault('delete', error);
    }
  }

  input(place: SessionPlace, payload: string, life: number, epoch: string): SaveInput {
    const { index, standing, record, lease, handle } = place;
    const { absoluteTtl, maxPerUser } = this.#settings;
    return {
      index,
      standing,
      record,
      lease,
      handle,
      epoch: this.hasSource ? epoch : '',
      fresh: newGeneration(epoch),
      life,
      absolute: absoluteTtl,
      start: undefined,
      most: maxPerUser,
      tombstone: tombstoneLife,
      payload,
      read: '',
      settle: undefined,
      room: [],
    };
  }
}

function sightOf(bytes: Buffer | null, held: Buffer | null, epoch: string): Sight {
  const standing = readStanding(held?.toString(), epoch);
  const known = standing && { standing: writeStanding(standing) };
  if (bytes?.toString('latin1') === gone) return { state: 'gone', ...known };
  const stored = readStored(bytes);
  if (!bytes || !stored || !standing || !isOfEpoch(stored.generation, epoch)) return { state: 'cold', ...known };
  if (!isLive(stored, standing)) return { state: 'gone', ...known };
  return { state: 'live', stored, record: bytes.toString('utf8', stored.head), ...known };
}
