/**
 * What the TypeScript bodies of operations may do: the commands of Redis that they need, on this process's memory, with
 * the same meaning. Values are bytes; a lifetime is in milliseconds, `Infinity` for none.
 */
export interface LocalData {
  /** Epoch milliseconds: `TIME` of the store. */
  now(): number;
  get(key: string): Buffer | null;
  set(key: string, value: string | Uint8Array, lifetime?: number): void;
  delete(key: string): boolean;
  has(key: string): boolean;
  /** Milliseconds left; `Infinity` without expiry, `undefined` when absent: `PTTL`. */
  lifetime(key: string): number | undefined;
  /** Sets the lifetime of a key that exists: `PEXPIRE`, or `PERSIST` for `Infinity`. False when absent. */
  expire(key: string, lifetime: number): boolean;
}
