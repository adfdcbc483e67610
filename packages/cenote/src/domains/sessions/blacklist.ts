import { StoreError, UsageError } from '../../core/errors.js';
import type { CallOptions } from '../../store/store.js';
import type { DomainCall } from '../kit/call.js';
import type { Ground } from '../kit/ground.js';
import { giveBack } from '../kit/lease.js';
import { readThrough } from '../kit/through.js';
import { ban, clear, revokedWord } from './operations/index.js';
import { checkLife, type SessionSource } from './options.js';
import { handleOf, type Places, type TokenPlace } from './places.js';
import type { Revocations } from './revocations.js';
import type { SessionData } from './session.js';

/** For how long the source's word that it knows no revocation is good. One that comes meanwhile replaces it. */
const cleanLife = 15 * 60_000;

type Word = 'revoked' | 'clean' | undefined;

/**
 * Revoked tokens. A token that is not there is good only if the store can have lost no revocation of it: without a source
 * it is all there is; with one, each shard of the blacklist remembers under which server, and since when, it has lost none.
 * After the longest life of a token it holds all that matter. Before, and after a loss, the source is asked, and its word
 * remembered for a quarter of an hour, unless a revocation comes.
 */
export class Blacklist {
  readonly #ground: Ground;
  readonly #places: Places;
  readonly #revocations: Revocations;
  readonly #source: SessionSource<SessionData>['revoked'];
  readonly #longest: number;

  constructor(
    ground: Ground,
    places: Places,
    revocations: Revocations,
    settings: { readonly revoked: SessionSource<SessionData>['revoked']; readonly longestToken: number },
  ) {
    this.#ground = ground;
    this.#places = places;
    this.#revocations = revocations;
    this.#source = settings.revoked;
    this.#longest = settings.longestToken;
  }

  /** @throws UsageError for a life that is longer than tokens live. */
  life(value: unknown, field: string): number {
    const life = checkLife(value, field);
    if (this.#source && life > this.#longest)
      throw new UsageError(field, value, `must be at most options.longestToken (${this.#longest} ms)`);
    return life;
  }

  async add(tokenId: string, life: number, call: CallOptions): Promise<void> {
    const { token } = this.#places.token(handleOf(tokenId));
    const { store } = this.#ground;
    await this.#revocations.token(token, store.now() + life, call, (left, asked) =>
      store.run(ban, { token, life: left }, asked),
    );
  }

  async has(tokenId: string, call: DomainCall): Promise<boolean> {
    const place = this.#places.token(handleOf(tokenId));
    if (this.#revocations.hasToken(place.token)) return true;
    const source = this.#source;
    const { tally } = this.#ground;
    const start = tally.start();
    const word = await this.#ground.read(
      call,
      (asked) => this.#ask(place, asked),
      (error) => {
        if (!source) throw error;
        return 'away' as const;
      },
    );
    if (word === 'revoked' || word === 'clean') {
      tally.hit(this.#ground.told(place.token), false, start);
      return word === 'revoked';
    }
    return source ? this.#through(tokenId, place, source, word === 'away', call) : false;
  }

  /** One MGET. */
  async #ask({ token, since }: TokenPlace, call: CallOptions): Promise<Word> {
    const { store } = this.#ground;
    const epoch = this.#source ? await this.#ground.epoch(call) : '';
    const [held, complete] = (await store.read([token, since], call)).map((bytes) => bytes?.toString());
    if (held === revokedWord) return 'revoked';
    if (!this.#source || held === `clean ${epoch}`) return 'clean';
    const [ofEpoch, from] = complete?.split(' ') ?? [];
    return ofEpoch === epoch && store.now() - Number(from) >= this.#longest ? 'clean' : undefined;
  }

  /** Asks the source. Only its word that a token is good is remembered: it does not say how long one has left. */
  async #through(
    tokenId: string,
    place: TokenPlace,
    source: NonNullable<SessionSource<SessionData>['revoked']>,
    isAway: boolean,
    call: DomainCall,
  ): Promise<boolean> {
    const { store } = this.#ground;
    const found = await readThrough<Word>(
      this.#ground,
      {
        key: place.token,
        look: (asked) => this.#ask(place, asked),
        load: async (context) => {
          try {
            return (await source(tokenId, context)) ? undefined : 'clean';
          } catch (cause) {
            if (!isAway || context.signal.aborted) throw cause;
            throw new StoreError(
              'STORE_UNAVAILABLE',
              'neither the store nor its source can say whether a token is revoked',
              { cause },
            );
          }
        },
        fill: async (_word, lease, asked) => {
          const word = await store.run(clear, { ...place, epoch: lease.epoch, life: cleanLife }, asked);
          giveBack(store, lease);
          return word === 'cleared' ? word.length : 'voided';
        },
      },
      call,
    );
    return found !== 'clean';
  }
}
