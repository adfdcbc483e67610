import { milliseconds } from '../../core/duration.js';

/** How long things live: rooms and messages here, users in the module that caches them (`user:{userId}`). */
export const roomTtls = Object.freeze({ room: '1h', message: '30m', user: '2h' } as const);

/** By how much what is noted of a view outlives it, in milliseconds. */
export const margin = 60_000;

/** How long a headline lives at least: as long as what is read beside the cache and set into it, without a lease. */
export const leastLife = milliseconds(roomTtls.room, 'ttl') + margin;
