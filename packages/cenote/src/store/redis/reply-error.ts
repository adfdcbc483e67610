import { StoreError } from '../../core/errors.js';

// The class of the error would tell it too, but a ready client may come from another copy of node-redis.
const refusal = /^[A-Z][A-Z0-9_]*( |$)/;

/** Whether an error of node-redis is what the server answered (`OOM …`, `NOPERM …`), not a trouble of the connection. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && refusal.test(error.message) && !('code' in error);
}

/** Whether the server answered that this user may never send this command, by its ACL or because it was renamed away. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && /^(NOPERM|ERR unknown command)/.test(error.message);
}

/** Whether the server answered that the key holds another type. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE ');
}

/** Whether the server does not know the script, as after a restart or SCRIPT FLUSH. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT ');
}

/** What a store says for an error of node-redis. */
export function storeErrorOf(error: unknown, address: string): StoreError {
  const cause = error instanceof Error ? error.message || error.name : String(error);
  return isRefusal(error) ?
      new StoreError('STORE_REFUSED', `Redis at ${address} refused: ${cause}`, { cause: error })
    : new StoreError('STORE_UNAVAILABLE', `the connection to Redis at ${address} failed: ${cause}`, { cause: error });
}
