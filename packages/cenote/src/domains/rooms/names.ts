import { checkText } from '../../cache/key.js';
import { UsageError } from '../../core/errors.js';
import type { Ground } from '../kit/ground.js';

const maximumBytes = 2_048;
const room = 'endpoint:chat:room';

/**
 * The keys of rooms, with prefix `P`. All of a room lie in its slot, all of a cache key's own in another.
 *
 *     P:endpoint:chat:room:{7}:headline        its generation and its last message
 *     P:endpoint:chat:room:{7}:members         its views (cache keys), by when they expire
 *     P:endpoint:chat:room:{7}:view:<key>      a view
 *     P:endpoint:chat:message:{<key>}          a message
 *     P:endpoint:chat:message:{<key>}:rooms    the rooms that have a view under the cache key, by when these expire
 *
 * Cache keys may hold anything: `%`, `{` and `}` in them are percent-encoded.
 */
export class RoomNames {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  headline(roomId: string): string {
    return this.#ground.key(room, roomId, 'headline');
  }

  index(roomId: string): string {
    return this.#ground.key(room, roomId, 'members');
  }

  /** `member` is an encoded cache key, as the index holds it. */
  view(roomId: string, member: string): string {
    return this.#ground.key(room, roomId, 'view', member);
  }

  message(member: string): string {
    return this.#ground.key('endpoint:chat:message', member);
  }

  rooms(member: string): string {
    return this.#ground.key('endpoint:chat:message', member, 'rooms');
  }

  lease(key: string): string {
    return this.#ground.lease(key);
  }
}

/** A cache key as it stands in keys and indices. @throws UsageError unless it is non-empty, well-formed text of at most 2 KiB. */
export function memberOf(cacheKey: unknown, field: string): string {
  const text = checkText(cacheKey, field);
  if (Buffer.byteLength(text) > maximumBytes)
    throw new UsageError(field, text, `must take at most ${maximumBytes} bytes`);
  return /[%{}]/.test(text) ? text.replace(/[%{}]/g, encodeURIComponent) : text;
}
