/**
 * Messages under fire. The truth lies in files, one writer each: the messages that a process has written in a conversation,
 * and the sequences of a conversation of its own. Every process writes its own, tells the cache, delivers again what others
 * wrote (and what is no longer so), reads and loads all, and keeps a record with the machine's monotonic time. Afterwards
 * each read must show what was told before it began: nothing missing, doubled, deleted, or gone backwards.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Store } from 'cenote';
import { MessageCache, type Message, type MessageStatus, type UnreadMarkers } from 'cenote/messages';

import type { Actor, Place, Torture } from './torture.js';

interface Text extends Message {
  readonly createdAt: number;
  readonly version: number;
  readonly status: MessageStatus;
}

/** What a message has reached: statuses and versions only grow. */
interface Reached {
  readonly status: number;
  readonly version: number;
}

/** Something that was made known to the cache. `isKept`: to this process only, so far. */
interface Told {
  readonly id: string;
  readonly conversation: string;
  readonly createdAt: number;
  /** `undefined` when it was deleted. */
  readonly reached: Reached | undefined;
  readonly process: number;
  readonly epoch: string | undefined;
  readonly isKept: boolean;
  readonly start: number;
  readonly end: number;
}

interface Read {
  readonly how: string;
  readonly conversation: string;
  readonly process: number;
  readonly epoch: string | undefined;
  /** How many were asked for; `undefined` for a single message. */
  readonly limit: number | undefined;
  readonly messages: readonly (Reached & { readonly id: string; readonly createdAt: number })[];
  readonly start: number;
  readonly end: number;
}

/** A sequence that was told, or a count that was read. */
interface Sequence {
  readonly conversation: string;
  readonly what: 'sent' | 'read' | 'unread';
  readonly value: number;
  readonly process: number;
  readonly isKept: boolean;
  readonly start: number;
  readonly end: number;
}

interface Report {
  readonly folder: string;
  readonly told: readonly Told[];
  /** Old states of messages that were delivered again. */
  readonly again: readonly { readonly id: string; readonly end: number }[];
  readonly reads: readonly Read[];
  readonly sequences: readonly Sequence[];
}

const prefix = 'torture-messages';
const conversations = ['c0', 'c1', 'c2'];
const statuses = ['sent', 'delivered', 'read'] as const;
const limit = 20;
/** Above `limit`, so that lists are trimmed and yet answer. */
const most = 25;
/** How many of its last messages a process keeps in the truth: as many as any read asks for. */
const kept = 30;

/** Milliseconds that all processes of a machine agree on. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

const byOrder = (a: { createdAt: number; id: string }, b: { createdAt: number; id: string }): number =>
  b.createdAt - a.createdAt || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id));

const reachedOf = ({ status, version }: Text): Reached => ({ status: statuses.indexOf(status), version });

class Truth {
  readonly folder: string;
  readonly #processes: number;

  constructor(folder: string, processes: number) {
    this.folder = folder;
    this.#processes = processes;
    mkdirSync(folder, { recursive: true });
  }

  read<T>(name: string, otherwise: T): T {
    try {
      return JSON.parse(readFileSync(join(this.folder, name), 'utf8')) as T;
    } catch {
      return otherwise;
    }
  }

  write(name: string, value: unknown): void {
    const path = join(this.folder, name);
    writeFileSync(`${path}.${process.pid}`, JSON.stringify(value));
    renameSync(`${path}.${process.pid}`, path);
  }

  newest(conversation: string, count: number): Text[] {
    const all = Array.from({ length: this.#processes }, (_, each) => this.read<Text[]>(`${conversation} ${each}`, []));
    return all.flat().sort(byOrder).slice(0, count);
  }

  message(id: string): Text | undefined {
    const [, conversation, writer] = /^(c\d+)-(\d+)-/.exec(id) ?? [];
    return this.read<Text[]>(`${conversation} ${writer}`, []).find((message) => message.id === id);
  }

  markers(conversation: string): UnreadMarkers {
    return this.read(`${conversation} markers`, { sent: 0, read: 0 });
  }
}

class Correspondent implements Actor {
  readonly #store: Store;
  readonly #place: Place;
  readonly #truth: Truth;
  readonly #cache: MessageCache<Text>;
  readonly #report: { [Name in Exclude<keyof Report, 'folder'>]: Report[Name][number][] } = {
    told: [],
    again: [],
    reads: [],
    sequences: [],
  };
  /** The last messages that were read, by the epoch of the store then. */
  #seen: { readonly message: Text; readonly epoch: string | undefined }[] = [];
  #kept = 0;
  #count = 0;

  constructor(store: Store, place: Place, truth: Truth) {
    this.#store = store;
    this.#place = place;
    this.#truth = truth;
    this.#cache = new MessageCache<Text>({
      store,
      prefix,
      maxPerConversation: most,
      onEvent: ({ type }) => void (type === 'keep' && this.#kept++),
    });
  }

  async step(): Promise<void> {
    await this.#pick([
      () => this.#send(),
      () => this.#send(),
      () => this.#change((message) => ({ ...message, version: message.version + 1 }), 'edit'),
      () => this.#change((message) => ({ ...message, status: this.#later(message.status) }), 'status'),
      () => this.#change((message) => ({ ...message, status: this.#later(message.status) }), 'status'),
      () => this.#delete(),
      () => this.#deliverAgain(),
      () => this.#deliverAgain(),
      () => this.#drop(),
      () => this.#list('get', (conversation) => this.#cache.getConversationMessages(conversation, limit)),
      () => this.#list('get', (conversation) => this.#cache.getConversationMessages(conversation, limit)),
      () => this.#list('load', (conversation) => this.#load(conversation)),
      () => this.#list('load', (conversation) => this.#load(conversation)),
      () => this.#single(),
      () => this.#sequence(),
      () => this.#sequence(),
      () => this.#unread(),
    ])();
  }

  report(): Report {
    return { folder: this.#truth.folder, ...this.#report };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.#place.random() * all.length)] as T;
  }

  #later(status: MessageStatus): MessageStatus {
    return status === 'sent' ? this.#pick(['delivered', 'read']) : 'read';
  }

  /** A read of the source that takes a moment after it has seen. */
  async #slowly<T>(read: () => T): Promise<T> {
    const seen = read();
    if (this.#place.random() < 0.5) await sleep(this.#place.random() * 10);
    return seen;
  }

  /** Changes what is true, then tells the cache; records when. */
  async #tell(
    name: string,
    all: readonly Text[],
    message: Text,
    isGone: boolean,
    tell: () => Promise<unknown>,
  ): Promise<void> {
    const [start, before] = [now(), this.#kept];
    this.#truth.write(name, all.slice(-kept));
    await tell();
    const { id, conversationId: conversation, createdAt } = message;
    const reached = isGone ? undefined : reachedOf(message);
    const { process: place } = this.#place;
    const isKept = this.#kept > before;
    this.#report.told.push({
      id,
      conversation,
      createdAt,
      reached,
      process: place,
      epoch: this.#store.epoch,
      isKept,
      start,
      end: now(),
    });
  }

  #own(conversation: string): { name: string; all: Text[] } {
    const name = `${conversation} ${this.#place.process}`;
    return { name, all: this.#truth.read<Text[]>(name, []) };
  }

  async #send(): Promise<void> {
    const conversationId = this.#pick(conversations);
    const { name, all } = this.#own(conversationId);
    const id = `${conversationId}-${this.#place.process}-${this.#count++}`;
    const message: Text = { id, conversationId, createdAt: Date.now(), version: 1, status: 'sent' };
    await this.#tell(name, [...all, message], message, false, () =>
      this.#cache.addMessageToConversation(conversationId, message),
    );
  }

  async #change(change: (message: Text) => Text, how: 'edit' | 'status'): Promise<void> {
    const { name, all } = this.#own(this.#pick(conversations));
    if (all.length === 0) return;
    const message = this.#pick(all);
    const changed = change(message);
    const rest = all.map((each) => (each === message ? changed : each));
    const where = this.#place.random() < 0.5 ? { conversationId: message.conversationId } : {};
    await this.#tell(name, rest, changed, false, () =>
      how === 'edit' ?
        this.#cache.setMessage(changed)
      : this.#cache.updateMessageStatus(message.id, changed.status, where),
    );
  }

  async #delete(): Promise<void> {
    const { name, all } = this.#own(this.#pick(conversations));
    if (all.length === 0) return;
    const message = this.#pick(all);
    const rest = all.filter((each) => each !== message);
    const where = this.#place.random() < 0.5 ? { conversationId: message.conversationId } : {};
    await this.#tell(name, rest, message, true, () => this.#cache.deleteMessage(message.id, where));
  }

  /**
   * An add or a receipt of anybody's message, as it once was, deleted or not. (An old `setMessage` would be news to a cold
   * cache; so would be a deleted message to a server that lost its memory, so what was seen under another is not used.)
   */
  async #deliverAgain(): Promise<void> {
    const seen = this.#seen.filter(({ epoch }) => epoch === this.#store.epoch);
    if (seen.length === 0) return;
    const { message } = this.#pick(seen);
    const old: Text = { ...message, version: 1, status: 'sent' };
    await this.#pick([
      () => this.#cache.addMessageToConversation(old.conversationId, old),
      () => this.#cache.updateMessageStatus(old.id, 'sent'),
    ])();
    this.#report.again.push({ id: old.id, end: now() });
  }

  async #drop(): Promise<void> {
    if (this.#place.random() < 0.3) await this.#cache.deleteConversationMessages(this.#pick(conversations));
  }

  #load(conversation: string): Promise<Text[]> {
    return this.#cache.loadConversationMessages(conversation, limit, () =>
      this.#slowly(() => this.#truth.newest(conversation, limit)),
    );
  }

  async #list(how: string, read: (conversation: string) => Promise<readonly Text[] | undefined>): Promise<void> {
    const conversation = this.#pick(conversations);
    const start = now();
    const messages = await read(conversation);
    if (messages) this.#record(how, conversation, limit, messages, start);
  }

  async #single(): Promise<void> {
    const conversation = this.#pick(conversations);
    const some = this.#truth.newest(conversation, limit);
    if (some.length === 0) return;
    const { id } = this.#pick(some);
    const start = now();
    const message = await this.#pick([
      () => this.#cache.getMessage(id),
      () => this.#cache.loadMessage(id, () => this.#slowly(() => this.#truth.message(id))),
    ])();
    if (message) this.#record('single', conversation, undefined, [message], start);
  }

  #record(how: string, conversation: string, asked: number | undefined, all: readonly Text[], start: number): void {
    const { epoch } = this.#store;
    if (all.length > 0) this.#seen = [...this.#seen, { message: this.#pick(all), epoch }].slice(-40);
    const messages = all.map((message) => ({ id: message.id, createdAt: message.createdAt, ...reachedOf(message) }));
    const { process: place } = this.#place;
    this.#report.reads.push({
      how,
      conversation,
      process: place,
      epoch: this.#store.epoch,
      limit: asked,
      messages,
      start,
      end: now(),
    });
  }

  /** Sends or reads in the conversation of this process's own; three of ten are told again later. */
  async #sequence(): Promise<void> {
    const conversation = `k${this.#place.process}`;
    const { sent, read } = this.#truth.markers(conversation);
    const what = this.#place.random() < 0.6 || read === sent ? 'sent' : 'read';
    const value = what === 'sent' ? sent + 1 : read + 1 + Math.floor(this.#place.random() * (sent - read));
    const [start, before] = [now(), this.#kept];
    this.#truth.write(`${conversation} markers`, what === 'sent' ? { sent: value, read } : { sent, read: value });
    await this.#mark(conversation, what, value);
    const { process: place } = this.#place;
    this.#report.sequences.push({
      conversation,
      what,
      value,
      process: place,
      isKept: this.#kept > before,
      start,
      end: now(),
    });
    if (this.#place.random() < 0.3)
      await this.#mark(conversation, what, Math.max(value - Math.floor(this.#place.random() * 5), 0));
  }

  #mark(conversation: string, what: 'sent' | 'read', value: number): Promise<void> {
    return what === 'sent' ? this.#cache.markSent(conversation, value) : this.#cache.markRead(conversation, 'u', value);
  }

  async #unread(): Promise<void> {
    const conversation = `k${Math.floor(this.#place.random() * this.#place.processes)}`;
    const start = now();
    const value = await this.#cache.loadUnreadCount(conversation, 'u', () =>
      this.#slowly(() => this.#truth.markers(conversation)),
    );
    const { process: place } = this.#place;
    this.#report.sequences.push({
      conversation,
      what: 'unread',
      value,
      process: place,
      isKept: false,
      start,
      end: now(),
    });
  }
}

function groupBy<Each>(all: readonly Each[], nameOf: (each: Each) => string): Map<string, Each[]> {
  const groups = new Map<string, Each[]>();
  for (const each of all) {
    const group = groups.get(nameOf(each));
    if (group) group.push(each);
    else groups.set(nameOf(each), [each]);
  }
  return groups;
}

/** Whether a read must have known what was told. */
function mustKnow(
  told: { end: number; isKept: boolean; process: number },
  read: { start: number; process: number },
): boolean {
  return told.end < read.start && (!told.isKept || told.process === read.process);
}

function readFindings(reports: readonly Report[]): string[] {
  const byId = groupBy(
    reports.flatMap(({ told }) => told),
    ({ id }) => id,
  );
  const byConversation = groupBy([...byId.values()], ([first]) => first?.conversation ?? '');
  const again = groupBy(
    reports.flatMap((report) => report.again),
    ({ id }) => id,
  );
  const findings: string[] = [];
  for (const read of reports.flatMap(({ reads }) => reads)) {
    const { how, process: place, conversation, messages, limit: asked } = read;
    const say = (what: string): void => void findings.push(`process ${place}, ${how} ${conversation}: ${what}`);
    const ids = new Set(messages.map(({ id }) => id));
    if (ids.size < messages.length) say('a message is there twice');
    if (messages.some((each, index) => index > 0 && byOrder(messages[index - 1]!, each) >= 0)) say('out of order');
    for (const message of messages) {
      for (const told of byId.get(message.id) ?? []) {
        if (!mustKnow(told, read)) continue;
        // A server that lost its memory takes what is delivered again, in an older state, for news.
        const isForgiven = told.epoch !== read.epoch && again.get(told.id)?.some(({ end }) => end > told.end);
        if (isForgiven) continue;
        if (!told.reached) say(`${message.id}, though it was deleted`);
        else if (message.status < told.reached.status) say(`${message.id} is ${statuses[message.status]} again`);
        else if (message.version < told.reached.version) say(`${message.id} has version ${message.version} again`);
      }
    }
    if (asked === undefined) continue;
    const oldest = messages.length < asked ? undefined : messages.at(-1);
    for (const history of byConversation.get(conversation) ?? []) {
      const [first] = history;
      if (!first || ids.has(first.id) || !first.reached || !mustKnow(first, read)) continue;
      const isGone = history.some(({ reached, start }) => !reached && start <= read.end);
      if (!isGone && (!oldest || byOrder(first, oldest) < 0)) say(`${first.id} is missing`);
    }
  }
  return findings;
}

/** A count lies between what was surely told before it was read and what had begun by then. */
function unreadFindings(reports: readonly Report[]): string[] {
  const byConversation = groupBy(
    reports.flatMap(({ sequences }) => sequences),
    ({ conversation }) => conversation,
  );
  const findings: string[] = [];
  for (const [conversation, all] of byConversation) {
    const highest = (what: string, counts: (told: Sequence) => boolean): number =>
      all.reduce((high, told) => (told.what === what && counts(told) ? Math.max(high, told.value) : high), 0);
    for (const read of all.filter(({ what }) => what === 'unread')) {
      const known = (told: Sequence): boolean => mustKnow(told, read);
      const begun = (told: Sequence): boolean => told.start <= read.end;
      const least = Math.max(highest('sent', known) - highest('read', begun), 0);
      const greatest = highest('sent', begun) - highest('read', known);
      if (read.value < least || read.value > greatest)
        findings.push(`process ${read.process}, ${conversation}: ${read.value} unread, not ${least} to ${greatest}`);
    }
  }
  return findings;
}

/** In the end, all that is stored is true. */
async function storedFindings(store: Store, truth: Truth, processes: number): Promise<string[]> {
  const cache = new MessageCache<Text>({ store, prefix, maxPerConversation: most });
  const findings: string[] = [];
  const compare = (what: string, held: unknown, real: unknown): void => {
    if (JSON.stringify(held) !== JSON.stringify(real))
      findings.push(`${what}: ${JSON.stringify(held)}, true is ${JSON.stringify(real)}`);
  };
  for (const conversation of conversations) {
    const real = truth.newest(conversation, limit);
    const held = await cache.getConversationMessages(conversation, limit);
    if (held) compare(`stored for ${conversation}`, held, real);
    compare(`loaded for ${conversation}`, await cache.loadConversationMessages(conversation, limit, () => real), real);
    for (const message of real) {
      const single = await cache.getMessage(message.id);
      if (single) compare(`stored for ${message.id}`, single, message);
    }
  }
  for (let each = 0; each < processes; each++) {
    const markers = truth.markers(`k${each}`);
    compare(
      `unread of k${each}`,
      await cache.loadUnreadCount(`k${each}`, 'u', () => markers),
      markers.sent - markers.read,
    );
  }
  return findings;
}

export const torture: Torture = {
  name: 'messages',
  async open(store, place) {
    const { address = 'memory' } = await store.health();
    // One folder for all the processes of a run: of one parent, on one server.
    const folder = join(tmpdir(), `cenote-messages-${process.ppid}-${encodeURIComponent(address)}`);
    return new Correspondent(store, place, new Truth(folder, place.processes));
  },
  async verify(given, store) {
    const reports = given as readonly Report[];
    const [first] = reports;
    if (!first) return ['nobody reported'];
    try {
      const truth = new Truth(first.folder, reports.length);
      const found = [...readFindings(reports), ...unreadFindings(reports)];
      found.push(...(await storedFindings(store, truth, reports.length)));
      return reports.some(({ reads }) => reads.length > 0) ? found : [...found, 'nothing was read'];
    } finally {
      rmSync(first.folder, { recursive: true, force: true });
    }
  },
};
