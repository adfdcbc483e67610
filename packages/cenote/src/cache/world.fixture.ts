/** A small world in which the protocol is put to the test: a store, processes that share it, a source of truth, and time. */
import { connect } from '../store/connect.js';
import type { CacheEvent } from '../core/events.js';
import { memoryStore } from '../store/memory/memory-store.js';
import type { Store } from '../store/store.js';
import { fakeClock, type FakeClock } from '../testing/fake-clock.js';
import { faultyStore, type FaultyStore } from '../testing/faulty-store.js';
import { Cache } from './cache.js';
import type { CacheOptions } from './options.js';

/** A process: a store connection and a cache of its own, and nothing in common with others but what the store holds. */
export interface Process {
  readonly cache: Cache;
  readonly store: FaultyStore;
  /** What its cache has told so far. */
  readonly events: CacheEvent[];
}

export interface World {
  /** Time of the caches: deadlines, polls, keep-alives. */
  readonly clock: FakeClock;
  /** Of all that it stores. */
  readonly prefix: string;
  process(options?: Omit<CacheOptions<'json'>, 'store' | 'clock'>): Process;
  /** What becomes of a promise, while time passes as it must. */
  soon<T>(promise: Promise<T>): Promise<T>;
  /** Lets whatever can happen without time passing happen. */
  turns(): Promise<void>;
  /** Lets time pass, for the store too. */
  pass(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

export interface Arrangement {
  /** Puts something between the store and each process. */
  readonly tamper?: (store: Store) => Store;
}

const prefix = 'world';

/** A world in memory. */
export function memoryWorld({ tamper = (store) => store }: Arrangement = {}): World {
  const clock = fakeClock();
  const inner = memoryStore({ clock });
  return worldOf({
    clock,
    open: () => tamper(inner),
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: () => Promise.resolve(),
    prefix,
    close: () => inner.close(),
  });
}

/** A world on a Redis server, each process on a connection of its own; the caches' time is as fake as in memory. */
export function redisWorld(url: string, own: string): World {
  const opened: Store[] = [];
  const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
  return worldOf({
    clock: fakeClock(),
    open() {
      const store = connect({ url, deadline: '5s' });
      opened.push(store);
      return store;
    },
    turn: () => sleep(1),
    sleep,
    prefix: own,
    close: async () => void (await Promise.all(opened.map((store) => store.close()))),
  });
}

interface Ground {
  readonly clock: FakeClock;
  readonly prefix: string;
  readonly open: () => Store;
  readonly turn: () => Promise<void>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

function worldOf({ clock, open, turn, sleep, prefix: own, close }: Ground): World {
  const turns = async (): Promise<void> => {
    for (let count = 0; count < 12; count++) await turn();
  };
  return {
    clock,
    prefix: own,
    process(options = {}) {
      const events: CacheEvent[] = [];
      const store = faultyStore(open(), { clock });
      const cache = new Cache({
        prefix: own,
        jitter: 0,
        near: false,
        ...options,
        store,
        clock,
        onEvent(event) {
          events.push(event);
          options.onEvent?.(event);
        },
      });
      return { cache, store, events };
    },
    async soon(promise) {
      const progress = { isOver: false };
      const end = (): void => void (progress.isOver = true);
      promise.then(end, end);
      for (let count = 0; !progress.isOver; count++) {
        if (count > 3_000) throw new Error('nothing came of it in a minute');
        await turn();
        if (!progress.isOver && count > 4) await clock.elapse(20);
      }
      return promise;
    },
    turns,
    async pass(milliseconds) {
      await sleep(milliseconds);
      await clock.elapse(milliseconds);
      await turns();
    },
    close,
  };
}

/** Something that a test opens when it wants others to go on. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open() };
}

/** The truth that is cached: one row, and loaders that read it at once but may be slow to answer. */
export class Source {
  row = 'old';
  /** Loads begun. */
  loads = 0;

  readonly load = (): string => {
    this.loads++;
    return this.row;
  };

  /** A loader that reads when it is called, and answers when told. */
  slow(): SlowLoader {
    const read = gate();
    const answered = gate();
    return {
      hasRead: read.passed,
      answer: answered.open,
      load: async () => {
        const row = this.load();
        read.open();
        await answered.passed;
        return row;
      },
    };
  }
}

export interface SlowLoader {
  readonly hasRead: Promise<void>;
  readonly answer: () => void;
  readonly load: () => Promise<string>;
}
