/**
 * Rooms under fire. The truth lies in files, one writer each: messages of a room by process, a room's revision, a cache key's
 * label. Every process writes its own, tells the cache, reads and loads all, and keeps a record with the machine's monotonic
 * time. Afterwards each read must show what was told, and nothing that was dropped, before it began.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Store } from 'cenote';
import { RoomCache } from 'cenote/rooms';

import type { Actor, Place, Torture } from './torture.js';

interface Message {
  readonly id: string;
  readonly roomId: string;
  readonly createdAt: number;
}
interface Row {
  readonly id: string;
  readonly revision: number;
  readonly label: number;
  readonly lastMessage: Message | null;
  readonly lastMessageAt: number | null;
}
interface Note extends Message {
  readonly label: number;
}

/** Something that was made known to the cache. `isKept`: to this process only, so far. */
interface Told<What> {
  readonly about: string;
  readonly what: What;
  readonly process: number;
  readonly isKept: boolean;
  readonly start: number;
  readonly end: number;
}
interface Read {
  readonly how: string;
  readonly process: number;
  readonly room: string;
  readonly key: string;
  readonly message: Message | null;
  readonly revision: number;
  readonly label: number;
  readonly start: number;
  readonly end: number;
}
interface Report {
  readonly folder: string;
  readonly tells: readonly Told<Message>[];
  readonly deletions: readonly Told<Message>[];
  readonly revisions: readonly Told<number>[];
  readonly labels: readonly Told<number>[];
  readonly reads: readonly Read[];
}

const prefix = 'torture-rooms';
const rooms = ['plaza', 'patio', 'mercado', 'zócalo'];
const keys = ['home', 'user:{7}', 'user:8'];

/** Milliseconds that all processes of a machine agree on. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

const byOrder = (a: Message, b: Message): number =>
  a.createdAt - b.createdAt || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id));

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
      return JSON.parse(readFileSync(join(this.folder, encodeURIComponent(name)), 'utf8')) as T;
    } catch {
      return otherwise;
    }
  }

  write(name: string, value: unknown): void {
    const path = join(this.folder, encodeURIComponent(name));
    writeFileSync(`${path}.${process.pid}`, JSON.stringify(value));
    renameSync(`${path}.${process.pid}`, path);
  }

  row(room: string, key: string): Row {
    const last = Array.from({ length: this.#processes }, (_, each) =>
      this.read<Message[]>(`${room}/${each}`, []),
    ).flat();
    const lastMessage = last.sort(byOrder).at(-1) ?? null;
    return {
      id: room,
      revision: this.read(`${room} revision`, 0),
      label: this.read(`${key} label`, 0),
      lastMessage,
      lastMessageAt: lastMessage?.createdAt ?? null,
    };
  }
}

class RoomsActor implements Actor {
  readonly #place: Place;
  readonly #truth: Truth;
  readonly #cache: RoomCache<Row, Message>;
  readonly #notes: RoomCache<Row, Note>;
  readonly #tells: Told<Message>[] = [];
  readonly #deletions: Told<Message>[] = [];
  readonly #revisions: Told<number>[] = [];
  readonly #labels: Told<number>[] = [];
  readonly #reads: Read[] = [];
  #kept = 0;
  #count = 0;

  constructor(store: Store, place: Place, truth: Truth) {
    this.#place = place;
    this.#truth = truth;
    const onEvent = ({ type }: { readonly type: string }): void => void (this.#kept += type === 'keep' ? 1 : 0);
    this.#cache = new RoomCache({ store, prefix, onEvent });
    this.#notes = new RoomCache({ store, prefix, onEvent });
  }

  async step(): Promise<void> {
    const chance = this.#place.random();
    if (chance < 0.45) return this.#load();
    if (chance < 0.55) return this.#get();
    if (chance < 0.6) return this.#loadNote();
    if (chance < 0.78) return this.#say();
    if (chance < 0.88) return this.#sayAgain();
    if (chance < 0.9) return this.#unsay();
    if (chance < 0.92) return this.#revise();
    if (chance < 0.98) return this.#relabel();
    return this.#dropView();
  }

  report(): Report {
    return {
      folder: this.#truth.folder,
      tells: this.#tells,
      deletions: this.#deletions,
      revisions: this.#revisions,
      labels: this.#labels,
      reads: this.#reads,
    };
  }

  async close(): Promise<void> {}

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#place.random() * from.length)] as T;
  }

  /** What is mine to change: so that every file has one writer. */
  #own(from: readonly string[]): string | undefined {
    const { process: place, processes } = this.#place;
    const mine = from.filter((_, index) => index % processes === place);
    return mine.length === 0 ? undefined : this.#pick(mine);
  }

  /** Reads the truth at once, and is slow to say. */
  async #slowly<T>(read: () => T): Promise<T> {
    const value = read();
    if (this.#place.random() < 0.5) await sleep(this.#place.random() * 10);
    return value;
  }

  async #load(): Promise<void> {
    const [room, key] = [this.#pick(rooms), this.#pick(keys)];
    const start = now();
    const row = await this.#cache.loadRoom(room, key, () => this.#slowly(() => this.#truth.row(room, key)));
    this.#saw('load', room, key, row, start);
  }

  async #get(): Promise<void> {
    const [room, key] = [this.#pick(rooms), this.#pick(keys)];
    const start = now();
    this.#saw('get', room, key, await this.#cache.getCachedRoom(room, key), start);
  }

  #saw(how: string, room: string, key: string, row: Row | undefined, start: number): void {
    if (!row) return;
    const { lastMessage: message, revision, label } = row;
    this.#reads.push({ how, process: this.#place.process, room, key, message, revision, label, start, end: now() });
  }

  async #loadNote(): Promise<void> {
    const key = this.#pick(keys);
    const start = now();
    const read = (): Note => ({ id: 'n', roomId: 'n', createdAt: 1, label: this.#truth.read(`${key} label`, 0) });
    const note = await this.#notes.loadMessage(key, () => this.#slowly(read));
    const { process: place } = this.#place;
    const seen = { room: '', key, message: null, revision: 0, label: note?.label ?? 0 };
    this.#reads.push({ how: 'note', process: place, ...seen, start, end: now() });
  }

  /** Changes the truth, then tells the cache. */
  async #tell<What>(
    to: Told<What>[],
    about: string,
    what: What,
    change: () => void,
    tell: () => Promise<unknown>,
  ): Promise<void> {
    const [start, kept] = [now(), this.#kept];
    change();
    await tell();
    to.push({ about, what, process: this.#place.process, isKept: this.#kept > kept, start, end: now() });
  }

  async #say(): Promise<void> {
    const room = this.#pick(rooms);
    const name = `${room}/${this.#place.process}`;
    const id = `${this.#place.process}-${this.#count++}`;
    const message = { id, roomId: room, createdAt: Date.now() };
    const messages = [...this.#truth.read<Message[]>(name, []), message].slice(-3);
    await this.#tell(
      this.#tells,
      room,
      message,
      () => this.#truth.write(name, messages),
      () => this.#cache.updateRoomCacheWithNewMessage(message),
    );
  }

  /** Redelivery, of whatever is not deleted. */
  async #sayAgain(): Promise<void> {
    const messages = this.#truth.read<Message[]>(`${this.#pick(rooms)}/${this.#place.process}`, []);
    if (messages.length > 0) await this.#cache.updateRoomCacheWithNewMessage(this.#pick(messages));
  }

  async #unsay(): Promise<void> {
    const room = this.#pick(rooms);
    const name = `${room}/${this.#place.process}`;
    const messages = this.#truth.read<Message[]>(name, []);
    const last = messages.at(-1);
    if (!last || messages.length < 2) return;
    await this.#tell(
      this.#deletions,
      room,
      last,
      () => this.#truth.write(name, messages.slice(0, -1)),
      () => this.#cache.deleteRoomCacheByRoomId(room),
    );
  }

  async #revise(): Promise<void> {
    const room = this.#own(rooms);
    if (room === undefined) return;
    const revision = this.#truth.read(`${room} revision`, 0) + 1;
    await this.#tell(
      this.#revisions,
      room,
      revision,
      () => this.#truth.write(`${room} revision`, revision),
      () => this.#cache.deleteRoomCacheByRoomId(room),
    );
  }

  async #relabel(): Promise<void> {
    const key = this.#own(keys);
    if (key === undefined) return;
    const label = this.#truth.read(`${key} label`, 0) + 1;
    await this.#tell(
      this.#labels,
      key,
      label,
      () => this.#truth.write(`${key} label`, label),
      () => this.#cache.deleteCache(key),
    );
  }

  async #dropView(): Promise<void> {
    await this.#cache.deleteCachedRoom(this.#pick(rooms), this.#pick(keys));
  }
}

/** What was told of each thing, in its order, to be asked what a reader must have known. */
class History<What> {
  readonly #byThing = new Map<string, Told<What>[]>();
  readonly #compare: (a: What, b: What) => number;

  constructor(told: readonly Told<What>[], compare: (a: What, b: What) => number) {
    this.#compare = compare;
    for (const each of told) {
      const known = this.#byThing.get(each.about);
      if (known) known.push(each);
      else this.#byThing.set(each.about, [each]);
    }
    for (const list of this.#byThing.values()) list.sort((a, b) => compare(a.what, b.what));
  }

  /** The newest that was told before `start`, to all or to this very process, and that `counts`. */
  newest(
    about: string,
    { process: reader, start }: Read,
    counts: (what: What) => boolean = () => true,
  ): What | undefined {
    return this.#byThing
      .get(about)
      ?.findLast((told) => told.end < start && (!told.isKept || told.process === reader) && counts(told.what))?.what;
  }

  isNewer(a: What | undefined, b: What | undefined): boolean {
    return a !== undefined && (b === undefined || this.#compare(a, b) > 0);
  }
}

function findingsOf(reports: readonly Report[]): string[] {
  const tells = new History(
    reports.flatMap((report) => report.tells),
    byOrder,
  );
  const revisions = new History(
    reports.flatMap((report) => report.revisions),
    (a, b) => a - b,
  );
  const labels = new History(
    reports.flatMap((report) => report.labels),
    (a, b) => a - b,
  );
  const deletions = new Map(
    reports.flatMap((report) => report.deletions).map((deletion) => [deletion.what.id, deletion]),
  );
  const findings: string[] = [];
  for (const read of reports.flatMap((report) => report.reads)) {
    const { how, room, key, message } = read;
    const say = (what: string): void => void findings.push(`process ${read.process}, ${how} ${room} ${key}: ${what}`);
    if (how !== 'note') {
      const known = tells.newest(room, read, ({ id }) => (deletions.get(id)?.start ?? Infinity) > read.end);
      if (tells.isNewer(known, message ?? undefined))
        say(`message ${message?.id ?? 'none'}, though ${known?.id} was told; ${JSON.stringify(read)}`);
      const deletion = message ? deletions.get(message.id) : undefined;
      if (deletion && deletion.end < read.start && (!deletion.isKept || deletion.process === read.process))
        say(`message ${message?.id}, though it was deleted; ${JSON.stringify({ read, deletion })}`);
      const revision = revisions.newest(room, read) ?? 0;
      if (read.revision < revision) say(`revision ${read.revision}, though ${revision} was told`);
    }
    const label = labels.newest(key, read) ?? 0;
    if (read.label < label) say(`label ${read.label}, though ${label} was told`);
  }
  return findings;
}

/** In the end, all that is stored is true. */
async function storedFindings(store: Store, truth: Truth): Promise<string[]> {
  const cache = new RoomCache<Row, Message>({ store, prefix });
  const findings: string[] = [];
  for (const room of rooms)
    for (const key of keys) {
      const [held, row] = [await cache.getCachedRoom(room, key), truth.row(room, key)];
      const isTrue = !held || JSON.stringify(held) === JSON.stringify(row);
      if (!isTrue) findings.push(`stored for ${room} ${key}: ${JSON.stringify(held)}, true is ${JSON.stringify(row)}`);
      const loaded = await cache.loadRoom(room, key, () => row);
      if (JSON.stringify(loaded) !== JSON.stringify(row)) findings.push(`loaded for ${room} ${key} is not true`);
    }
  return findings;
}

export const torture: Torture = {
  name: 'rooms',
  async open(store, place) {
    const { address = 'memory' } = await store.health();
    // One folder for all the processes of a run: of one parent, on one server.
    const folder = join(tmpdir(), `cenote-rooms-${process.ppid}-${encodeURIComponent(address)}`);
    return new RoomsActor(store, place, new Truth(folder, place.processes));
  },
  async verify(reports, store) {
    const [first] = reports as readonly Report[];
    if (!first) return ['nobody reported'];
    try {
      const reads = (reports as readonly Report[]).reduce((sum, report) => sum + report.reads.length, 0);
      const found = findingsOf(reports as readonly Report[]);
      found.push(...(await storedFindings(store, new Truth(first.folder, reports.length))));
      return reads > 0 ? found : [...found, 'nothing was read'];
    } finally {
      rmSync(first.folder, { recursive: true, force: true });
    }
  },
};
