/**
 * How a session stands in the store, as its scripts read it too:
 *
 *     session/1 <expires> <start> <generation>⏎<record>      times are epoch ms of the store, 13 digits
 *     session/gone                                           a tombstone: it was deleted, or ended by a rule
 */
const live = /^session\/1 (\d+) (\d+) (\S+)\n/;

/** What a tombstone is, also as the route of a given id. */
export const gone = 'session/gone';

export interface Stored {
  /** Epoch milliseconds on the store's clock. */
  readonly expires: number;
  readonly start: number;
  /** The user's generation that it was made under; `<epoch>.<random>`. */
  readonly generation: string;
  /** Where the record begins. */
  readonly head: number;
}

/** What stands there; `undefined` for nothing, a tombstone, and whatever is no session. */
export function readStored(bytes: Buffer | null): Stored | undefined {
  const found = bytes && live.exec(bytes.toString('latin1', 0, 128));
  if (!found) return undefined;
  const [head, expires, start, generation = ''] = found;
  return { expires: Number(expires), start: Number(start), generation, head: head.length };
}

export function writeStored({ expires, start, generation }: Omit<Stored, 'head'>): string {
  return `session/1 ${digits(expires)} ${digits(start)} ${generation}\n`;
}

/** A member of the index: sessions of a user compare by their start. */
export function memberOf(start: number, handle: string): string {
  return `${digits(start)}.${handle}`;
}

/** Whether a generation was made under an epoch; an empty one trusts any. */
export function isOfEpoch(generation: string, epoch: string): boolean {
  return epoch === '' || generation.startsWith(`${epoch}.`);
}

/** Where the handle begins in a member. */
export const handleAt = 14;

function digits(time: number): string {
  return String(time).padStart(13, '0');
}
