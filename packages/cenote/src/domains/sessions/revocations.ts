import type { CallOptions } from '../../store/store.js';
import type { Ground } from '../kit/ground.js';

/** A revocation of a user's sessions that may not have reached the store. */
export interface UserRevocation {
  /** Epoch milliseconds on the store's clock: what began later is not meant. */
  readonly at: number;
  /** Handle of the session that is not meant. */
  readonly keep: string | undefined;
  /** The generation to come; the same each time it is sent. */
  readonly secret: string;
}

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

  /** One of all sessions stands before one of all but one: whatever is kept was begun before it. */
  async user<Reply>(
    tag: string,
    asked: UserRevocation,
    call: CallOptions,
    { send, instead }: { send: (as: UserRevocation, call: CallOptions) => Promise<Reply>; instead: Reply },
  ): Promise<Reply> {
    const kept = this.ofUser(tag);
    const revocation = kept && kept.keep !== asked.keep ? { ...asked, keep: undefined } : asked;
    const key = this.#userKey(tag);
    const forget = (): void => {
      if (this.#users.get(tag) === revocation) this.#users.delete(tag);
    };
    this.#users.set(tag, revocation);
    try {
      return await this.#ground.write(call, {
        key,
        send: (sent) => send(revocation, sent),
        replay: async () => {
          await send(revocation, {});
          forget();
        },
        instead,
        replaces: true,
        during: 'delete',
      });
    } finally {
      if (!this.#ground.kept.covers(key)) forget();
    }
  }

  /** What is kept for a user, to be sent before anything new is stored for them. */
  ofUser(tag: string): UserRevocation | undefined {
    if (!this.#ground.kept.covers(this.#userKey(tag))) return undefined;
    return this.#users.get(tag) ?? { at: Infinity, keep: undefined, secret: '' };
  }

  /** Whether a session is revoked as far as this process knows. `began`: epoch milliseconds. */
  covers(tag: string, handle: string, began: number): boolean {
    if (this.hasSession(handle)) return true;
    const user = this.ofUser(tag);
    return user !== undefined && handle !== user.keep && !(began > user.at);
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
