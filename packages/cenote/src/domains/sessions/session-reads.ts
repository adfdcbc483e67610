import type { MissReason } from '../../core/events.js';
import type { CallOptions } from '../../store/store.js';
import type { DomainCall } from '../kit/call.js';
import { unknownStanding } from './handed-out.js';
import { buried } from './operations/index.js';
import { handleOf, tagIn, type SessionPlace } from './places.js';
import { momentOf, type SessionData } from './session.js';
import type { SessionStore, Sight } from './session-store.js';
import { defaultLife, type Learnt, type SourceReads } from './source-reads.js';
import type { Stored } from './stored.js';

/** A session by its id: from the store, else from the source, minus what this process knows to be revoked. */
export class SessionReads<D extends SessionData> {
  readonly #store: SessionStore<D>;
  readonly #source: SourceReads<D> | undefined;

  constructor(store: SessionStore<D>, source: SourceReads<D> | undefined) {
    this.#store = store;
    this.#source = source;
  }

  /** `life`: extends it by this where that is due. */
  async get(sessionId: string, life: number | undefined, call: DomainCall): Promise<D | undefined> {
    const whose = await this.whose(sessionId, call);
    if (whose === undefined) return undefined;
    const place = this.#store.places.session(whose.tag, handleOf(sessionId));
    if (whose.record !== undefined) return this.#believed(place, whose.record);
    const start = this.#store.ground.tally.start();
    const sight = await this.#see(place, call);
    const data = this.#store.data(place, sight.record);
    if (data && sight.stored) {
      this.#store.ground.tally.hit(this.#store.ground.told(place.record), false, start);
      this.#store.handedOut.add(place.handle, sight.standing ?? unknownStanding);
      return (await this.#touched(place, sessionId, sight.stored, life, call)) ? data : undefined;
    }
    if (sight.state === 'gone' || !this.#source) {
      this.#miss(place.record, sight.state === 'away' ? 'away' : 'absent', start);
      return undefined;
    }
    return this.#believed(place, await this.#source.through(place, sessionId, sight, life ?? defaultLife, call));
  }

  /** Whose session an id is, which it tells, or its route; else the source, and then with the record. */
  async whose(sessionId: string, call: DomainCall): Promise<Learnt> {
    const own = tagIn(sessionId);
    if (own !== undefined) return { tag: own };
    const handle = handleOf(sessionId);
    const start = this.#store.ground.tally.start();
    const tag = await this.#store.ground.read(
      call,
      (asked) => this.#store.routed(handle, asked),
      () => 'away',
    );
    if (tag !== undefined && tag !== buried && tag !== 'away') return { tag };
    if (tag !== buried && this.#source && !this.#store.revocations.hasSession(handle))
      return this.#source.learn(sessionId, handle, { state: tag === 'away' ? 'away' : 'cold' }, call);
    this.#miss(this.#store.places.route(handle), tag === 'away' ? 'away' : 'absent', start);
    return undefined;
  }

  /** `look`, minus what this process knows to be revoked. */
  async #see(place: SessionPlace, call: CallOptions): Promise<Sight> {
    if (this.#store.revocations.hasSession(place.handle)) return { state: 'gone' };
    const sight = await this.#store.look(place, call);
    const began = sight.stored?.since;
    return began !== undefined && this.#store.revocations.covers(place.tag, place.handle, began) ?
        { state: 'gone' }
      : sight;
  }

  /** What the source has said, minus what this process knows to be revoked. */
  #believed(place: SessionPlace, record: string | undefined): D | undefined {
    const data = this.#store.data(place, record);
    if (!data || this.#store.revocations.covers(place.tag, place.handle, momentOf(data.createdAt))) return undefined;
    this.#store.handedOut.add(place.handle, unknownStanding);
    return data;
  }

  /** Extends a session where that was asked for and is due; false when it is gone by then. */
  async #touched(
    place: SessionPlace,
    sessionId: string,
    stored: Stored,
    life: number | undefined,
    call: CallOptions,
  ): Promise<boolean> {
    if (life === undefined || !this.#store.isDue(stored, life)) return true;
    const isGiven = tagIn(sessionId) === undefined;
    const reply = await this.#store.ground.read(
      call,
      (asked) => this.#store.extend(place, isGiven, life, asked),
      () => 'away',
    );
    return reply !== 'gone';
  }

  #miss(key: string, reason: MissReason, start: number): void {
    this.#store.ground.tally.miss(this.#store.ground.told(key), reason, start);
  }
}
