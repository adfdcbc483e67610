import type { CallOptions } from '../../store/store.js';
import type { Ground } from '../kit/ground.js';

/** A revocation of a user's sessions, which may not have reached the store. */
export interface UserRevocation {
  /** Epoch milliseconds on the store's clock: what began later is not meant. `undefined` for now. */
  readonly at: number | undefined;
  /** Handle of the session that is not meant. */
  readonly keep: string | undefined;
}

/** By how many milliseconds the store's clock may be ahead of what this process takes it for: for so long too many are meant. */
const clockMargin = 100;

interface Revocation<Reply> {
  readonly send: (call: CallOptions) => Promise<Reply>;
  readonly instead: Reply;
}

/**
 * Logouts and revocations that the store has not acknowledged. They are kept and sent again, and this process takes them
 * for done: what is revoked is refused here, whatever the store or the source says.
 */
export class Revocations {
  readonly #ground: Ground;
  readonly #users = new Map<string, UserRevocation>();
  readonly #tokens = new Map<string, number>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  session<Reply>(handle: string, call: CallOptions, { send, instead }: Revocation<Reply>): Promise<Reply> {
    return this.#ground.write(call, {
      key: this.#sessionKey(handle),
      send,
      replay: () => send({}),
      instead,
      during: 'delete',
    });
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
    try {
      return await this.#ground.write(call, {
        key,
        send: (sent) => send(asked, sent),
        replay: async () => {
          await send(this.#users.get(tag) ?? asked, {});
          this.#users.delete(tag);
        },
        instead,
        replaces: true,
        during: 'delete',
      });
    } finally {
      if (!this.#ground.kept.covers(key)) this.#users.delete(tag);
      else this.#users.set(tag, { ...asked, at: at ?? Math.ceil(this.#ground.store.now()) + clockMargin });
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
    key: string,
    until: number,
    call: CallOptions,
    send: (life: number, call: CallOptions) => Promise<unknown>,
  ): Promise<void> {
    const { ground, label } = { ground: this.#ground, label: tokenKey(key) };
    const later = Math.max(until, this.#tokens.get(key) ?? 0);
    const left = (): number => Math.ceil(later - ground.store.now());
    this.#tokens.set(key, later);
    try {
      await ground.write<unknown>(call, {
        key: label,
        send: (sent) => send(Math.max(1, left()), sent),
        replay: async () => {
          if (left() > 0) await send(left(), {});
          this.#tokens.delete(key);
        },
        instead: undefined,
        replaces: true,
        during: 'delete',
      });
    } finally {
      if (!ground.kept.covers(label)) this.#tokens.delete(key);
    }
  }

  hasToken(key: string): boolean {
    return this.#ground.kept.covers(tokenKey(key)) && (this.#tokens.get(key) ?? 0) > this.#ground.store.now();
  }

  #sessionKey(handle: string): string {
    return `${this.#ground.key('session', handle)} revoked`;
  }

  #userKey(tag: string): string {
    return `${this.#ground.key('user_session', tag)} revoked`;
  }
}

function tokenKey(key: string): string {
  return `${key} revoked`;
}

/** Kept by another cache on this store. */
const unknown: UserRevocation = Object.freeze({ at: undefined, keep: undefined });
