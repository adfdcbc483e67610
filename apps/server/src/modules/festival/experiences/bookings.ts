import { setTimeout as sleep } from 'node:timers/promises';

import type { Database } from '../../../db/database.js';
import { ApiError } from '../../../errors.js';
import { insertBooking, slotNow, takePlaces } from './queries.js';

/**
 * Bookings under contention, without holding a lock while thinking: read the slot and its version, then take the places in
 * a transaction only if the version is still that one. Who comes second has lost nothing but the attempt, waits, and reads
 * again. The table's own check is the last guard: more than the capacity cannot be written.
 */

const retries = 3;
const backoffMs = 100;

export interface BookingRequest {
  readonly experienceId: number;
  readonly slotId: number;
  readonly userId: number;
  readonly quantity: number;
}

/** @throws ApiError NOT_FOUND, OVER, SOLD_OUT (final) or CONTENDED (may be tried again). */
export async function book(db: Database, request: BookingRequest) {
  for (let attempt = 0; attempt <= retries; attempt++) {
    if (attempt > 0) await sleep(backoff());
    const booking = await attemptBooking(db, request);
    if (booking !== 'conflict') return booking;
  }
  throw new ApiError('CONTENDED', 'many are booking this slot right now: try again', {
    field: 'slotId',
    retryAfter: 1,
  });
}

/** Spread, so that those who met once do not meet again. */
function backoff(): number {
  return backoffMs * (1 + Math.random());
}

async function attemptBooking(db: Database, { experienceId, slotId, userId, quantity }: BookingRequest) {
  const slot = await slotNow(db, experienceId, slotId);
  if (slot === undefined)
    throw new ApiError('NOT_FOUND', `experience ${experienceId} has no slot ${slotId}`, { field: 'slotId' });
  if (slot.startsAt <= new Date()) throw new ApiError('OVER', `slot ${slotId} has begun`, { field: 'slotId' });
  if (slot.placesLeft < quantity)
    throw new ApiError('SOLD_OUT', `slot ${slotId} has ${slot.placesLeft} places left`, { field: 'slotId' });

  return db.transaction(async (tx) => {
    if (!(await takePlaces(tx, slotId, slot.version, quantity))) return 'conflict';
    const booking = await insertBooking(tx, { slotId, userId, quantity });
    return { ...booking, experienceId, startsAt: slot.startsAt };
  });
}
