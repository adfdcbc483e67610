import { StoreError, UsageError } from '../../core/errors.js';
import type { DomainCall } from '../kit/call.js';
import { giveBack } from '../kit/lease.js';
import { decodeRecord, encodeRecord } from '../kit/record.js';
import { readThrough, type DomainLoadContext } from '../kit/through.js';
import { route, save } from './operations/index.js';
import type { SessionSource } from './options.js';
import { newGeneration, tagOf, type SessionPlace } from './places.js';
import { checkData, momentOf, type SessionData } from './session.js';
import type { SessionStore, Sight } from './session-store.js';

/** How long what the source answered is stored, when nobody says. */
export const defaultLife = 15 * 60_000;

/** Whose session an id is; with the record where it has just been loaded. */
export type Learnt = { readonly tag: string; readonly record?: string } | undefined;

/** Sessions read from their source where the store cannot tell, and stored again. */
export class SourceReads<D extends SessionData> {
  readonly #store: SessionStore<D>;
  readonly #session: NonNullable<SessionSource<D>['session']>;

  constructor(store: SessionStore<D>, session: NonNullable<SessionSource<D>['session']>) {
    this.#store = store;
    this.#session = session;
  }

  /** Asks the source for a session, under a lease; stores what it says unless something has ended the session meanwhile. */
  async through(
    place: SessionPlace,
    sessionId: string,
    sight: Sight,
    life: number,
    call: DomainCall,
  ): Promise<string | undefined> {
    const { ground } = this.#store;
    const store = this.#store;
    let before = sight;
    // With the standing in it, nobody joins a load that began before a revocation.
    const shape = sight.standing ?? '';
    const found = await readThrough<string | null | undefined>(
      ground,
      {
        key: place.record,
        shape,
        look: async (asked) => {
          before = await store.ask(place, asked);
          if (before.state === 'gone') return null;
          return store.data(place, before.record) && before.record;
        },
        load: (context) => this.#asked(sessionId, place.tag, context, sight),
        fill: async (record, lease, asked) => {
          const { length } = record ?? '';
          const start = momentOf(store.data(place, record ?? '')?.createdAt ?? Number.NaN);
          const { word } = await ground.store.run(
            save,
            {
              ...store.input(place, record ?? '', life, lease.epoch),
              fill: { token: lease.token, standing: before.standing },
              start: start <= ground.store.now() && start > 0 ? Math.floor(start) : undefined,
            },
            asked,
          );
          return word === 'stored' ? length : 'voided';
        },
      },
      call,
    );
    return found ?? undefined;
  }

  /**
   * Learns from the source whose session a given id is. What was loaded for it is only answered, not stored: it was read
   * before the user's standing was known, so that a revocation might have overtaken it.
   */
  async learn(sessionId: string, handle: string, sight: Sight, call: DomainCall): Promise<Learnt> {
    const { ground } = this.#store;
    const store = this.#store;
    const key = this.#store.places.route(handle);
    return readThrough<Learnt>(
      ground,
      {
        key,
        // Of no other call: it joins nobody's load.
        shape: newGeneration(''),
        look: async (asked) => {
          const tag = await store.routed(handle, asked);
          return tag === undefined ? undefined : { tag };
        },
        load: async (context) => {
          const record = await this.#asked(sessionId, undefined, context, sight);
          return record === undefined ? undefined : { record, tag: tagOf(decodeRecord<D>(record)?.userId ?? '') };
        },
        fill: async (learnt, lease, asked) => {
          const told = await ground.store.run(
            route,
            { route: key, mode: 'learn', tag: learnt?.tag ?? '', life: defaultLife },
            asked,
          );
          giveBack(ground.store, lease);
          return told === learnt?.tag ? told.length : 'voided';
        },
      },
      call,
    );
  }

  /** The record of what the source says, checked. Rejects with `StoreError` when the store is away too. */
  async #asked(
    sessionId: string,
    tag: string | undefined,
    context: DomainLoadContext,
    sight: Sight,
  ): Promise<string | undefined> {
    let answer: D | null | undefined;
    try {
      answer = await this.#session(sessionId, context);
    } catch (cause) {
      if (sight.state !== 'away' || context.signal.aborted) throw cause;
      throw new StoreError('STORE_UNAVAILABLE', 'neither the store nor its source can say whether a session is live', {
        cause,
      });
    }
    if (answer === undefined || answer === null) return undefined;
    const data = checkData<D>(answer, 'source.session()');
    if (tag !== undefined && tagOf(data.userId) !== tag)
      throw new UsageError('source.session().userId', data.userId, 'must be the user whom the session was made for');
    return encodeRecord(data);
  }
}
