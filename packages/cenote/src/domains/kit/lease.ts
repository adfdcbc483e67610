import { randomId } from '../../cache/entry.js';
import { release, renew } from '../../cache/operations/index.js';
import { epochOf } from '../../cache/scope.js';
import type { Clock } from '../../core/clock.js';
import type { LocalData } from '../../store/memory/local-data.js';
import { text } from '../../store/operation.js';
import type { CallOptions, Store } from '../../store/store.js';
import { claim } from './claim.js';

/** A lease's life, in milliseconds. A crashed holder is replaced after this; a living one renews it at a third. */
export const leaseLife = 5_000;

/** The expiring right to fill what is cold; `token` begins with the `epoch` it was granted under. */
export interface Lease {
  readonly name: string;
  readonly token: string;
  readonly epoch: string;
}

/** A lease of one's own, or the token of who holds it. */
export type Answer = { readonly lease: Lease } | { readonly holder: string };

/** Asks for a lease, with a token of its own. One round trip. Rejects when the store is away; a grant that comes too late is given back. */
export async function askLease(store: Store, name: string, call: CallOptions): Promise<Answer> {
  const epoch = await epochOf({ store }, call);
  const lease = { name, token: `${epoch}.${randomId()}`, epoch };
  try {
    const claimed = await store.run(claim, { lease: name, epoch, token: lease.token, life: leaseLife }, call);
    return claimed.word === 'granted' ? { lease } : { holder: claimed.holder };
  } catch (error) {
    giveBack(store, lease);
    throw error;
  }
}

/** Gives a lease back, unless it has changed hands. What fails is left to expiry. */
export function giveBack(store: Store, { name, token }: Lease): void {
  store.run(release, { lease: name, token, cool: 0 }).catch(() => undefined);
}

/** Renews a lease at a third of its life until told to stop. What is lost shows at the fill. */
export function keepAlive(store: Store, clock: Clock, { name, token }: Lease): () => void {
  let cancel: () => void;
  const again = (): void => {
    store.run(renew, { lease: name, token, life: leaseLife }).catch(() => undefined);
    cancel = clock.after(leaseLife / 3, again);
  };
  cancel = clock.after(leaseLife / 3, again);
  return () => cancel();
}

/**
 * For the local body of an operation that fills: uses the lease up if it is still held by `token`, as its Lua does with
 * `if redis.call('GET', lease) ~= token then return … end redis.call('DEL', lease)`.
 */
export function spendLease(data: LocalData, lease: string, token: string | Uint8Array | undefined): boolean {
  return data.get(lease)?.toString() === text(token) && data.delete(lease);
}
