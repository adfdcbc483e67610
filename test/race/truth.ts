/**
 * The source of truth, in a file that all servers share: what has been committed, and what the cache has promised.
 *
 * A row's value is one counter for each server, which that server alone raises. So a commit is one synchronous write of
 * one byte, a read is one synchronous read, and no lock is needed: a value is new enough when none of its counters is
 * below the counter that is asked for. Each server also notes, for each row, the value that stood when it last had an
 * invalidation acknowledged (its *floor*): no read that begins after that note may return less.
 *
 * A row takes `servers` bytes of counters, then for each server a floor of as many bytes and its time (8 bytes).
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** Counters of one row, by server. */
export type Versions = readonly number[];

/** What a read may not fall below. */
export interface Floor {
  readonly versions: Versions;
  /** The `moment` when each counter was promised; 0 where that was to one cache alone. */
  readonly since: readonly number[];
}

/** Milliseconds, at least, since a value that lags behind a floor should have been gone. */
export function ageOf(floor: Floor, versions: Versions, now: number): number {
  const lagging = floor.since.filter((at, server) => at > 0 && (versions[server] ?? 0) < (floor.versions[server] ?? 0));
  return lagging.length === 0 ? 0 : now - Math.min(...lagging);
}

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

  constructor(path: string, servers: number, server: number) {
    this.#file = openSync(path, 'r+');
    this.#servers = servers;
    this.#server = server;
    this.#stride = servers + servers * (servers + 8);
  }

  /** Bytes of a file for so many rows. */
  static size(rows: number, servers: number): number {
    return rows * (servers + servers * (servers + 8));
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
    const note = Buffer.alloc(this.#servers + 8);
    const at = row * this.#stride + this.#servers + this.#server * note.length;
    const known = this.#bytes(at, this.#servers);
    for (const [server, version] of versions.entries()) note[server] = Math.max(version, known[server] ?? 0);
    note.writeDoubleLE(moment(), this.#servers);
    writeSync(this.#file, note, 0, note.length, at);
  }

  /** What all servers have noted. */
  floor(row: number): Floor {
    const versions = Array.from({ length: this.#servers }, () => 0);
    const since = [...versions];
    const length = this.#servers + 8;
    const notes = this.#bytes(row * this.#stride + this.#servers, length * this.#servers);
    for (let note = 0; note < this.#servers; note++) {
      const at = notes.readDoubleLE(note * length + this.#servers);
      for (let server = 0; server < this.#servers; server++) {
        const version = notes[note * length + server] as number;
        if (version <= (versions[server] as number)) continue;
        versions[server] = version;
        since[server] = at;
      }
    }
    return { versions, since };
  }

  close(): void {
    closeSync(this.#file);
  }

  #bytes(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    readSync(this.#file, bytes, 0, length, at);
    return bytes;
  }
}
