/**
 * How a session and its user stand in the store, as the scripts read it too. Times are epoch ms of the store, 13 digits:
 *
 *     session/1 <expires> <start> <since> <generation>⏎<record>
 *     session/gone                       a tombstone: it was deleted, or ended by a rule
 *     <generation> <till>                the user's standing
 *
 * A session is live while its generation is the user's and it is good `since` after `till`.
 */
const session = /^session\/1 (\d+) (\d+) (\d+) (\S+)\n/;

/** What a tombstone is. */
export const gone = 'session/gone';

export interface Stored {
  readonly expires: number;
  /** When it began, from which its absolute life counts. */
  readonly start: number;
  /** Its start, but later where a revocation has spared it. No two sessions of a user with a limit have the same. */
  readonly since: number;
  /** `<epoch>.<random>`. */
  readonly generation: string;
  /** Where the record begins. */
  readonly head: number;
}

/** What stands there; `undefined` for nothing, a tombstone, and whatever is no session. */
export function readStored(bytes: Buffer | null): Stored | undefined {
  const found = bytes && session.exec(bytes.toString('latin1', 0, 128));
  if (!found) return undefined;
  const [head, expires, start, since, generation = ''] = found;
  return { expires: Number(expires), start: Number(start), since: Number(since), generation, head: head.length };
}

export function writeStored({ expires, start, since, generation }: Omit<Stored, 'head'>): string {
  return `session/1 ${digits(expires)} ${digits(start)} ${digits(since)} ${generation}\n`;
}

/** What decides which of a user's sessions are live. */
export interface Standing {
  /** A random word; when it is lost, so are all sessions that were made under it. */
  readonly generation: string;
  /** Those that were good until then were revoked. */
  readonly till: number;
}

/** The user's standing, if it is one of the epoch; an empty epoch trusts any. */
export function readStanding(held: string | undefined, epoch: string): Standing | undefined {
  const [, generation = '', till] = /^(\S+) (\d+)$/.exec(held ?? '') ?? [];
  return generation !== '' && isOfEpoch(generation, epoch) ? { generation, till: Number(till) } : undefined;
}

export function writeStanding({ generation, till }: Standing): string {
  return `${generation} ${till}`;
}

export function isLive(stored: Stored | undefined, standing: Standing | undefined): boolean {
  return stored !== undefined && stored.generation === standing?.generation && stored.since > standing.till;
}

/** Whether a generation was made under an epoch; an empty one trusts any. */
export function isOfEpoch(generation: string, epoch: string): boolean {
  return epoch === '' || generation.startsWith(`${epoch}.`);
}

/** A member of the index: sessions of a user compare by their `since`. */
export function memberOf(since: number, handle: string): string {
  return `${digits(since)}.${handle}`;
}

export function sinceOf(member: string): number {
  return Number(member.slice(0, 13));
}

export function handleIn(member: string): string {
  return member.slice(14);
}

function digits(time: number): string {
  return String(time).padStart(13, '0');
}
