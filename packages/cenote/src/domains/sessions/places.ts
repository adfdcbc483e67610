/**
 * Where sessions and tokens stand. Ids are hashed (SHA-256, base64url): who reads the store cannot use what is there.
 *
 *     P:session:{tag}:handle             a session; tag: hash of its user's id, handle: hash of its own
 *     P:user_session:{tag}               the user's handles by expiry
 *     P:user_session:{tag}:standing      what decides which of them are live
 *     P:session:{handle}                 the tag, for an id that does not tell it
 *     P:blacklist:token:{s}:handle       a revoked token; s: first character of its handle
 *     P:blacklist:{s}:since              since when no revocation of that shard was lost
 */
import { createHash, randomBytes } from 'node:crypto';

import type { Ground } from '../kit/ground.js';
import type { UserKeys } from './operations/local.js';

export interface UserPlace extends UserKeys {
  readonly tag: string;
}

export interface SessionPlace extends UserPlace {
  readonly handle: string;
  readonly record: string;
  readonly lease: string;
}

export interface TokenPlace {
  readonly token: string;
  readonly since: string;
}

const tagLength = 22;
const createdId = /^([\w-]{22})\.[\w-]{43}$/;

export class Places {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  user(tag: string): UserPlace {
    const index = this.#ground.key('user_session', tag);
    return { tag, index, standing: `${index}:standing` };
  }

  session(tag: string, handle: string): SessionPlace {
    const record = this.#ground.key('session', tag, handle);
    return { ...this.user(tag), handle, record, lease: this.#ground.lease(record) };
  }

  route(handle: string): string {
    return this.#ground.key('session', handle);
  }

  token(handle: string): TokenPlace {
    const shard = handle.slice(0, 1);
    return {
      token: this.#ground.key('blacklist:token', shard, handle),
      since: this.#ground.key('blacklist', shard, 'since'),
    };
  }
}

export function tagOf(userId: string): string {
  return hash(userId).slice(0, tagLength);
}

export function handleOf(id: string): string {
  return hash(id);
}

/** The tag in an id that `create` made; `undefined` for any other. */
export function tagIn(sessionId: string): string | undefined {
  return createdId.exec(sessionId)?.[1];
}

/** An id that nobody can guess, and that leads to its user's slot. */
export function newId(tag: string): string {
  return `${tag}.${randomBytes(32).toString('base64url')}`;
}

export function newGeneration(epoch: string): string {
  return `${epoch}.${randomBytes(16).toString('base64url')}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
