/**
 * The source of truth, in a file that all servers share: what has been committed, and what the cache has promised.
 *
 * A row's value is one counter for each server, which that server alone raises. So a commit is one synchronous write of
 * one byte, a read is one synchronous read, and no lock is needed: a value is new enough when none of its counters is
 * below the counter that is asked for. Each server also notes, for each row, the value that stood when it had an
 * invalidation acknowledged: no read that begins after that note may return less (`bound` later where memory may answer).
 *
 * A row takes `servers` bytes of counters, then for each server its last notes, of as many bytes and a time (8 bytes) each.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** Counters of one row, by server. */
export type Versions = readonly number[];

/** Notes that are kept of one row by one server: more than it makes in a round. */
const keptNotes = 8;

/** Milliseconds on a clock that all processes of a machine share. */
export function moment(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Whether some counter of `versions` lags behind `least`. */
export function lags(versions: Versions, least: Versions): boolean {
  return least.some((version, server) => (versions[server] ?? 0) < version);
}

/** The higher of each counter. */
export function higher(versions: Versions, others: Versions | undefined): Versions {
  return versions.map((version, server) => Math.max(version, others?.[server] ?? 0));
}

export class Truth {
  readonly #file: number;
  readonly #servers: number;
  readonly #server: number;
  readonly #stride: number;
  /** Bytes of one note. */
  readonly #length: number;
  /** Where the next note of a row goes. */
  readonly #next = new Map<number, number>();

  constructor(path: string, servers: number, server: number) {
    this.#file = openSync(path, 'r+');
    this.#servers = servers;
    this.#server = server;
    this.#length = servers + 8;
    this.#stride = servers + servers * keptNotes * this.#length;
  }

  /** Bytes of a file for so many rows. */
  static size(rows: number, servers: number): number {
    return rows * (servers + servers * keptNotes * (servers + 8));
  }

  /** What is committed now. */
  read(row: number): Versions {
    return [...this.#bytes(row * this.#stride, this.#servers)];
  }

  /** Commits a new version of a row; returns what is committed now. */
  commit(row: number): Versions {
    const at = row * this.#stride + this.#server;
    const next = (this.#bytes(at, 1)[0] as number) + 1;
    if (next > 255) throw new Error('a row may be committed 255 times by one server');
    writeSync(this.#file, Uint8Array.of(next), 0, 1, at);
    return this.read(row);
  }

  /** Notes that an invalidation sent after `versions` were committed has been acknowledged. */
  acknowledge(row: number, versions: Versions): void {
    const place = this.#next.get(row) ?? 0;
    const note = Buffer.alloc(this.#length);
    note.set(versions);
    note.writeDoubleLE(moment(), this.#servers);
    writeSync(this.#file, note, 0, note.length, this.#notesAt(row, this.#server) + place * note.length);
    this.#next.set(row, (place + 1) % keptNotes);
  }

  /** All that stands of a row: one read of the file. */
  look(row: number): Look {
    return new Look(this.#bytes(row * this.#stride, this.#stride), this.#servers, this.#server);
  }

  close(): void {
    closeSync(this.#file);
  }

  #notesAt(row: number, server: number): number {
    return row * this.#stride + this.#servers + server * keptNotes * this.#length;
  }

  #bytes(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    readSync(this.#file, bytes, 0, length, at);
    return bytes;
  }
}

/** What stood in the file of one row when a server looked. */
export class Look {
  readonly #bytes: Buffer;
  readonly #servers: number;
  readonly #server: number;

  constructor(bytes: Buffer, servers: number, server: number) {
    this.#bytes = bytes;
    this.#servers = servers;
    this.#server = server;
  }

  /** What was committed. */
  get committed(): Versions {
    return [...this.#bytes.subarray(0, this.#servers)];
  }

  /** What this server had promised, and what others had promised by the moment `by`: no read from then on may return less. */
  floor(by = Infinity): Versions {
    const floor: number[] = Array.from({ length: this.#servers }, () => 0);
    this.#eachNote((start, at, server) => {
      if (server !== this.#server && at > by) return;
      for (let counter = 0; counter < this.#servers; counter++) {
        const version = this.#bytes[start + counter] as number;
        if (version > (floor[counter] as number)) floor[counter] = version;
      }
    });
    return floor;
  }

  /** Milliseconds up to `now` since a value that lags should have been gone; 0 when no server has promised it to all. */
  ageOf(versions: Versions, now: number): number {
    let first = Infinity;
    this.#eachNote((start, at) => {
      if (at < first && lags(versions, [...this.#bytes.subarray(start, start + this.#servers)])) first = at;
    });
    return first === Infinity ? 0 : now - first;
  }

  #eachNote(visit: (start: number, at: number, server: number) => void): void {
    const length = this.#servers + 8;
    for (let place = 0, start = this.#servers; start < this.#bytes.length; place++, start += length) {
      const at = this.#bytes.readDoubleLE(start + this.#servers);
      if (at > 0) visit(start, at, Math.floor(place / keptNotes));
    }
  }
}
