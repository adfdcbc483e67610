import type { CallOptions } from '../../store/store.js';
import type { Ground } from '../kit/ground.js';
import type { Replay } from '../kit/kept.js';
import { Recent } from './recent.js';

/** A revocation of a user's sessions, which may not have reached the store. */
export interface UserRevocation {
  /** Epoch milliseconds on the store's clock: what began later is not meant. `undefined` for now. */
  readonly at: number | undefined;
  /** Handle of the session that is not meant. */
  readonly keep: string | undefined;
}

/** By how many milliseconds the store's clock may be ahead of what this process takes it for: for so long too many are meant. */
const clockMargin = 100;

/** Kept by another cache on this store. */
const unknown: UserRevocation = Object.freeze({ at: undefined, keep: undefined });

interface Revocation<Reply> {
  readonly send: (call: CallOptions) => Promise<Reply>;
  readonly instead: Reply;
}

/**
 * Logouts and revocations. What the store has not acknowledged is kept and sent again, and this process takes it for done:
 * what is revoked is refused here, whatever the store or the source says. What it acknowledged last is kept again when
 * another server has taken over.
 */
export class Revocations {
  readonly #ground: Ground;
  readonly #recent: Recent;
  readonly #users = new Map<string, UserRevocation>();
  readonly #tokens = new Map<string, number>();

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#recent = new Recent(ground.store, ground.clock);
  }

  async session<Reply>(handle: string, call: CallOptions, { send, instead }: Revocation<Reply>): Promise<Reply> {
    const key = this.#sessionKey(handle);
    const replay = (): Promise<Reply> => send({});
    const reply = await this.#ground.write(call, { key, send, replay, instead, during: 'delete' });
    if (!this.#ground.kept.covers(key)) this.ended(handle, replay);
    return reply;
  }

  /** A session has ended in the store; `replay` ends it again. */
  ended(handle: string, replay: Replay): void {
    const key = this.#sessionKey(handle);
    this.#recent.add(key, () => this.#keep(key, replay));
  }

  hasSession(handle: string): boolean {
    return this.#ground.kept.covers(this.#sessionKey(handle));
  }

  /** One of all sessions stands before one of all but one: what is kept was asked for before. */
  async user<Reply>(
    tag: string,
    { at, keep }: UserRevocation,
    call: CallOptions,
    { send, instead }: { send: (as: UserRevocation, call: CallOptions) => Promise<Reply>; instead: Reply },
  ): Promise<Reply> {
    const kept = this.ofUser(tag);
    const asked = { at, keep: kept && kept.keep !== keep ? undefined : keep };
    const key = this.#userKey(tag);
    const replay = async (): Promise<void> => {
      await send(this.#users.get(tag) ?? asked, {});
      this.#users.delete(tag);
    };
    try {
      return await this.#ground.write(call, {
        key,
        send: (sent) => send(asked, sent),
        replay,
        instead,
        replaces: true,
        during: 'delete',
      });
    } finally {
      // Told late, it means who had begun by now.
      const late = { ...asked, at: at ?? Math.ceil(this.#ground.store.now()) + clockMargin };
      if (this.#ground.kept.covers(key)) this.#users.set(tag, late);
      else {
        this.#users.delete(tag);
        this.#recent.add(key, () => {
          this.#users.set(tag, late);
          this.#keep(key, replay);
        });
      }
    }
  }

  /** What is kept for a user, to be sent before anything new is stored for them. */
  ofUser(tag: string): UserRevocation | undefined {
    return this.#ground.kept.covers(this.#userKey(tag)) ? (this.#users.get(tag) ?? unknown) : undefined;
  }

  /** Whether a session is revoked as far as this process knows. `began`: epoch milliseconds. */
  covers(tag: string, handle: string, began: number): boolean {
    if (this.hasSession(handle)) return true;
    const user = this.ofUser(tag);
    return user !== undefined && handle !== user.keep && !(began > (user.at ?? Infinity));
  }

  /** Never sent once the token has expired by itself. `until`: epoch milliseconds on the store's clock. */
  async token(
    token: string,
    until: number,
    call: CallOptions,
    send: (life: number, call: CallOptions) => Promise<unknown>,
  ): Promise<void> {
    const { store, kept } = this.#ground;
    const key = tokenKey(token);
    const last = Math.max(until, this.#tokens.get(token) ?? 0);
    const left = (): number => Math.ceil(last - store.now());
    const replay = async (): Promise<void> => {
      if (left() > 0) await send(left(), {});
      this.#tokens.delete(token);
    };
    this.#tokens.set(token, last);
    try {
      await this.#ground.write<unknown>(call, {
        key,
        send: (sent) => send(Math.max(1, left()), sent),
        replay,
        instead: undefined,
        replaces: true,
        during: 'delete',
      });
    } finally {
      if (!kept.covers(key)) {
        this.#tokens.delete(token);
        this.#recent.add(key, () => {
          this.#tokens.set(token, last);
          this.#keep(key, replay);
        });
      }
    }
  }

  hasToken(token: string): boolean {
    return this.#ground.kept.covers(tokenKey(token)) && (this.#tokens.get(token) ?? 0) > this.#ground.store.now();
  }

  #keep(key: string, replay: Replay): void {
    this.#ground.kept.keep(key, replay, this.#ground.tally);
  }

  #sessionKey(handle: string): string {
    return `${this.#ground.key('session', handle)} revoked`;
  }

  #userKey(tag: string): string {
    return `${this.#ground.key('user_session', tag)} revoked`;
  }
}

function tokenKey(token: string): string {
  return `${token} revoked`;
}
