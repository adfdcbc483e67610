/**
 * Conversations under fire. The truth lies in files, one for each conversation of a user, with one writer each. A writer changes
 * its file, tells the cache, some things twice or late; every process reads and loads all, and keeps a record with the machine's
 * monotonic time. Afterwards each read must show what was told before it began: exactly, where nothing was under way.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { CacheEvent, Store } from 'cenote';
import { ConversationCache, type Conversation } from 'cenote/conversations';

import type { Actor, Place, Torture } from './torture.js';

/** What is true of a conversation: messages are numbered, and the user has read up to one of them. */
interface Row {
  readonly isThere: boolean;
  readonly sent: number;
  readonly read: number;
  readonly at: number;
  readonly isPinned: boolean;
  readonly isMuted: boolean;
}

/** Something that was made true, and told: between `start` and `end`, to all who read later. */
interface Told {
  readonly pair: string;
  readonly row: Row;
  readonly process: number;
  readonly start: number;
  /** When this process was told. */
  readonly own: number;
  /** When all were: later if the store was away, and `null` if it is not known. */
  end: number | null;
}

/** A conversation as it was seen: its id, last message, unread count, pinned, muted. */
type Seen = readonly [id: string, sent: number, unread: number, isPinned: boolean, isMuted: boolean];

interface Read {
  readonly how: string;
  readonly process: number;
  readonly user: string;
  /** How many were asked for; `undefined` for a sum. */
  readonly limit?: number;
  readonly seen?: readonly Seen[];
  readonly sum?: number;
  readonly mutedToo?: boolean;
  readonly start: number;
  readonly end: number;
}

interface Report {
  readonly folder: string;
  readonly tells: readonly Told[];
  readonly reads: readonly Read[];
}

const prefix = 'torture-conversations';
const users = ['ana', 'luis', 'zoë'];
const conversations = ['a', 'b', 'c', 'd', 'e', 'f'];
const few = 3;
const all = 20;
const first: Row = { isThere: true, sent: 0, read: 0, at: 0, isPinned: false, isMuted: false };

/** Milliseconds that all processes of a machine agree on. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

class Truth {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  row(pair: string): Row {
    try {
      return JSON.parse(readFileSync(this.#path(pair), 'utf8')) as Row;
    } catch {
      return first;
    }
  }

  write(pair: string, row: Row): void {
    const path = this.#path(pair);
    writeFileSync(`${path}.${process.pid}`, JSON.stringify(row));
    renameSync(`${path}.${process.pid}`, path);
  }

  list(user: string, limit: number): Conversation[] {
    const rows = conversations.map((id) => ({ id, row: this.row(`${user}/${id}`) }));
    const shown = rows.filter(({ row }) => row.isThere).sort((a, b) => (comesFirst(a, b) ? -1 : 1));
    return shown.slice(0, limit).map(conversationOf);
  }

  #path(pair: string): string {
    return join(this.folder, encodeURIComponent(pair));
  }
}

interface Placed {
  readonly id: string;
  readonly row: Row;
}

function comesFirst(a: Placed, b: Placed): boolean {
  if (a.row.isPinned !== b.row.isPinned) return a.row.isPinned;
  return a.row.at === b.row.at ? a.id > b.id : a.row.at > b.row.at;
}

function conversationOf({ id, row }: Placed): Conversation {
  return {
    id,
    lastMessageId: row.sent > 0 ? messageOf(row.sent) : null,
    lastMessageText: row.sent > 0 ? 'hola' : null,
    lastMessageAt: row.sent > 0 ? row.at : null,
    unreadCount: row.sent - row.read,
    isPinned: row.isPinned,
    isMuted: row.isMuted,
  };
}

function messageOf(number: number): string {
  return `m${String(number).padStart(6, '0')}`;
}

class ConversationsActor implements Actor {
  readonly #place: Place;
  readonly #truth: Truth;
  readonly #cache: ConversationCache<Conversation>;
  /** The conversations that this process alone changes. */
  readonly #own: readonly string[];
  /** Messages of each that may be delivered again. */
  readonly #sent = new Map<string, { readonly number: number; readonly at: number }[]>();
  readonly #tells: Told[] = [];
  readonly #reads: Read[] = [];
  #kept = 0;

  constructor(store: Store, place: Place, truth: Truth) {
    this.#place = place;
    this.#truth = truth;
    this.#cache = new ConversationCache<Conversation>({ store, prefix, onEvent: (event) => this.#hear(event) });
    this.#own = users
      .flatMap((user) => conversations.map((id) => `${user}/${id}`))
      .filter((_, index) => index % place.processes === place.process);
  }

  async step(): Promise<void> {
    const chance = this.#place.random();
    if (chance < 0.4) return this.#load();
    if (chance < 0.55) return this.#get();
    if (chance < 0.65) return this.#sum();
    if (chance < 0.67) return this.#cache.deleteUserConversations(this.#pick(users));
    const pair = this.#own.length > 0 ? this.#pick(this.#own) : undefined;
    if (pair === undefined) return this.#load();
    if (chance < 0.82) return this.#say(pair);
    if (chance < 0.87) return this.#sayAgain(pair);
    if (chance < 0.91)
      return this.#change(
        pair,
        (row) => ({ ...row, read: row.sent }),
        (user, id) => this.#cache.resetUnread(user, id),
      );
    if (chance < 0.95) {
      const on = this.#place.random() < 0.5;
      return this.#change(
        pair,
        (row) => ({ ...row, isPinned: on }),
        (user, id) => this.#cache.setPinned(user, id, on),
      );
    }
    if (chance < 0.98) {
      const on = this.#place.random() < 0.5;
      return this.#change(
        pair,
        (row) => ({ ...row, isMuted: on }),
        (user, id) => this.#cache.setMuted(user, id, on),
      );
    }
    return this.#change(
      pair,
      (row) => ({ ...row, isThere: false }),
      (user, id) => this.#cache.removeConversation(user, id),
    );
  }

  report(): Report {
    return { folder: this.#truth.folder, tells: this.#tells, reads: this.#reads };
  }

  async close(): Promise<void> {}

  #hear(event: CacheEvent): void {
    if (event.type === 'keep') this.#kept++;
    if (event.type === 'replay' && event.backlog === 0) for (const told of this.#tells) told.end ??= now();
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#place.random() * from.length)] as T;
  }

  async #load(): Promise<void> {
    const [user, start] = [this.#pick(users), now()];
    const limit = this.#pick([few, all]);
    const found = await this.#cache.loadUserConversations(user, limit, async (asked) => {
      const list = this.#truth.list(user, asked.limit);
      if (this.#place.random() < 0.5) await sleep(this.#place.random() * 10);
      return list;
    });
    this.#saw('load', user, limit, found, start);
  }

  async #get(): Promise<void> {
    const [user, start] = [this.#pick(users), now()];
    const limit = this.#pick([few, all]);
    const found = await this.#cache.getUserConversations(user, limit);
    if (found) this.#saw('get', user, limit, found, start);
  }

  #saw(how: string, user: string, limit: number, found: readonly Conversation[], start: number): void {
    const seen = found.map((each): Seen => [
      each.id,
      Number(each.lastMessageId?.slice(1) ?? 0),
      each.unreadCount ?? 0,
      each.isPinned ?? false,
      each.isMuted ?? false,
    ]);
    this.#reads.push({ how, process: this.#place.process, user, limit, seen, start, end: now() });
  }

  async #sum(): Promise<void> {
    const [user, start] = [this.#pick(users), now()];
    const mutedToo = this.#place.random() < 0.5;
    const sum = await this.#cache.getTotalUnreadCount(user, { mutedToo });
    if (sum === undefined) return;
    this.#reads.push({ how: 'sum', process: this.#place.process, user, sum, mutedToo, start, end: now() });
  }

  async #say(pair: string): Promise<void> {
    const before = this.#truth.row(pair);
    const at = Math.max(before.at + 1, Date.now());
    const message = { number: before.sent + 1, at };
    this.#sent.set(pair, [...(this.#sent.get(pair) ?? []), message].slice(-5));
    await this.#change(
      pair,
      (row) => ({ ...row, isThere: true, sent: message.number, at }),
      async () => {
        await this.#deliver(pair, message);
        if (this.#place.random() < 0.3) await this.#deliver(pair, message);
      },
    );
  }

  /** Late: what is told does not change. */
  async #sayAgain(pair: string): Promise<void> {
    const messages = this.#sent.get(pair);
    if (messages && this.#truth.row(pair).isThere) await this.#deliver(pair, this.#pick(messages));
  }

  async #deliver(pair: string, { number, at }: { number: number; at: number }): Promise<void> {
    const [user, id] = pair.split('/') as [string, string];
    const messageId = messageOf(number);
    const calls = [
      () => this.#cache.updateLastMessage(user, id, messageId, 'hola', at),
      () => this.#cache.incrementUnread(user, id, 1, { messageId, at }),
    ];
    const chance = this.#place.random();
    if (chance < 0.4) calls.reverse();
    if (chance < 0.2) await Promise.all(calls.map((call) => call()));
    else for (const call of calls) await call();
  }

  async #change(
    pair: string,
    to: (row: Row) => Row,
    tell: (user: string, id: string) => Promise<unknown>,
  ): Promise<void> {
    const before = this.#truth.row(pair);
    const row = to(before);
    // What is not there is only changed by a message.
    if (!before.isThere && !row.isThere) return;
    if (!before.isThere && row.sent === before.sent) return;
    const [start, kept] = [now(), this.#kept];
    this.#truth.write(pair, row);
    const told: Told = { pair, row, process: this.#place.process, start, own: Infinity, end: null };
    const [user, id] = pair.split('/') as [string, string];
    await tell(user, id);
    const end = now();
    this.#tells.push({ ...told, own: end, end: this.#kept > kept ? null : end });
  }
}

/** What was told of each conversation, in order. */
class History {
  readonly #byPair = new Map<string, Told[]>();

  constructor(tells: readonly Told[]) {
    for (const told of tells) this.#byPair.set(told.pair, [...(this.#byPair.get(told.pair) ?? []), told]);
    for (const list of this.#byPair.values()) list.sort((a, b) => a.start - b.start);
  }

  /** What a read must show exactly; `undefined` where something was under way. */
  exact(pair: string, read: Read): Row | undefined {
    const list = this.#byPair.get(pair) ?? [];
    const isOver = (told: Told): boolean => endFor(told, read) < read.start;
    const before = list.filter(({ start }) => start <= read.end);
    return before.every(isOver) ? (before.at(-1)?.row ?? first) : undefined;
  }

  /** The number of the last message that a read must show, at least. */
  least(pair: string, read: Read): number {
    return this.#byPair.get(pair)?.findLast((told) => endFor(told, read) < read.start)?.row.sent ?? 0;
  }
}

function endFor(told: Told, read: Read): number {
  return told.process === read.process ? told.own : (told.end ?? Infinity);
}

interface Checked {
  readonly findings: string[];
  /** How many lists, sums and conversations were compared exactly. */
  readonly compared: { lists: number; sums: number; conversations: number };
}

function check(reports: readonly Report[]): Checked {
  const history = new History(reports.flatMap(({ tells }) => tells));
  const findings: string[] = [];
  const compared = { lists: 0, sums: 0, conversations: 0 };
  for (const read of reports.flatMap(({ reads }) => reads)) {
    const { how, user, seen = [] } = read;
    const say = (what: string): void =>
      void findings.push(`process ${read.process}, ${how} of ${user} at ${read.start.toFixed(1)}: ${what}`);
    const known = conversations.map((id) => ({ id, row: history.exact(`${user}/${id}`, read) }));
    for (const [id, sent, ...shown] of seen) {
      const least = history.least(`${user}/${id}`, read);
      if (sent < least) say(`${id} shows message ${sent}, though ${least} was told`);
      const row = known.find((each) => each.id === id)?.row;
      if (!row) continue;
      compared.conversations++;
      const right = [row.sent, row.sent - row.read, row.isPinned, row.isMuted];
      if (!row.isThere) say(`${id} is there, though it was removed`);
      else if (JSON.stringify([sent, ...shown]) !== JSON.stringify(right))
        say(`${id} is ${JSON.stringify([sent, ...shown])}, and should be ${JSON.stringify(right)}`);
    }
    if (!known.every((each): each is Placed => each.row !== undefined)) continue;
    const there = known.filter(({ row }) => row.isThere).sort((a, b) => (comesFirst(a, b) ? -1 : 1));
    if (read.sum === undefined) {
      compared.lists++;
      const right = there.slice(0, read.limit).map(({ id }) => id);
      const ids = seen.map(([id]) => id);
      if (ids.join() !== right.join()) say(`shows ${ids.join()}, and should ${right.join()}`);
    } else {
      compared.sums++;
      const right = there
        .filter(({ row }) => read.mutedToo || !row.isMuted)
        .reduce((sum, { row }) => sum + row.sent - row.read, 0);
      if (read.sum !== right) say(`${read.sum} are unread, and should be ${right}`);
    }
  }
  return { findings, compared };
}

/** In the end, all that is stored is true. */
async function storedFindings(store: Store, truth: Truth): Promise<string[]> {
  const cache = new ConversationCache<Conversation>({ store, prefix });
  const findings: string[] = [];
  for (const user of users)
    for (const limit of [few, all]) {
      const right = truth.list(user, limit).map(shape);
      const held = (await cache.getUserConversations(user, limit))?.map(shape);
      if (held && JSON.stringify(held) !== JSON.stringify(right))
        findings.push(`stored for ${user}: ${JSON.stringify(held)}, true is ${JSON.stringify(right)}`);
    }
  return findings;
}

function shape({ id, lastMessageId, unreadCount, isPinned, isMuted }: Conversation): unknown[] {
  return [id, lastMessageId, unreadCount, isPinned, isMuted];
}

export const torture: Torture = {
  name: 'conversations',
  async open(store, place) {
    const { address = 'memory' } = await store.health();
    // One folder for all the processes of a run: of one parent, on one server.
    const folder = join(tmpdir(), `cenote-conversations-${process.ppid}-${encodeURIComponent(address)}`);
    return new ConversationsActor(store, place, new Truth(folder));
  },
  async verify(reports, store) {
    const [own] = reports as readonly Report[];
    if (!own) return ['nobody reported'];
    try {
      const { findings, compared } = check(reports as readonly Report[]);
      findings.push(...(await storedFindings(store, new Truth(own.folder))));
      const missing = Object.entries(compared).filter(([, count]) => count === 0);
      return [...findings, ...missing.map(([what]) => `no ${what} were compared`)];
    } finally {
      rmSync(own.folder, { recursive: true, force: true });
    }
  },
};
