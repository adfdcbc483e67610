import type { Clock } from '../core/clock.js';
import { Deferred } from '../core/deferred.js';
import { milliseconds, type Duration } from '../core/duration.js';
import { LoadTimeoutError, UsageError } from '../core/errors.js';
import { checkVersion } from '../core/options.js';

/** What a loader is given. Its functions stand alone, so that it may be taken apart. */
export interface LoadContext {
  /** Aborted at the hard deadline, or when nobody waits for the load any more. */
  readonly signal: AbortSignal;
  /** The value that is being replaced, if it is stale and not dead. */
  readonly stale?: unknown;
  /** Fresh life of this value alone. */
  readonly setTtl: (ttl: Duration) => void;
  /**
   * Adds tags to this value. Call it first thing and await it, so that their versions are captured before the source is
   * read. Named later (as when a tag comes out of the row itself), the value is returned but not stored this time, and the
   * tags are captured first the next time.
   */
  readonly addTags: (...tags: string[]) => Promise<void>;
  /** A fence: a stored value is never replaced by one of a lower version. */
  readonly setVersion: (version: number | bigint) => void;
  /** Return the value without storing it. */
  readonly skip: () => void;
}

export type Loader = (context: LoadContext) => unknown;

/** What a loader said besides its value. */
export interface Wishes {
  ttl: number | undefined;
  version: number | bigint | undefined;
  skip: boolean;
  /** Tags were named too late to be captured before reading. */
  late: boolean;
}

export interface Loaded {
  readonly value: unknown;
  readonly wishes: Readonly<Wishes>;
  /** Milliseconds it took. */
  readonly cost: number;
}

export interface LoadRequest {
  /** Aborts the load, with its reason. A signal that lives no longer than the load. */
  readonly end?: AbortSignal | undefined;
  readonly key: string;
  readonly load: Loader;
  readonly hard: number;
  readonly clock: Clock;
  readonly stale?: unknown;
  /** Captures tags for this load; false when some of them were not known before it began. Absent where nothing will be stored. */
  readonly capture?: ((tags: readonly string[]) => { known: boolean; done: Promise<void> }) | undefined;
}

/** One run of a loader, bounded by the hard deadline, ended by `abort`. */
export class Load {
  readonly result: Promise<Loaded>;
  readonly #aborted = new Deferred<never>();
  #controller: AbortController | undefined;
  #reason: { readonly value: unknown } | undefined;

  constructor(request: LoadRequest) {
    // It may be aborted when nobody waits yet.
    this.#aborted.promise.catch(() => undefined);
    this.result = this.#run(request);
  }

  /** Ends the load: its signal is aborted, and `result` rejects with the reason without waiting for the loader. */
  abort(reason: unknown): void {
    if (this.#reason) return;
    this.#reason = { value: reason };
    this.#controller?.abort(reason);
    this.#aborted.reject(reason);
  }

  get isAborted(): boolean {
    return this.#reason !== undefined;
  }

  /** Made when a loader asks for it: most don't, and it costs as much as the rest of a load's bookkeeping. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason.value);
    }
    return this.#controller.signal;
  }

  async #run(request: LoadRequest): Promise<Loaded> {
    const { clock, hard, key } = request;
    const wishes: Wishes = { ttl: undefined, version: undefined, skip: false, late: false };
    const start = clock.monotonic();
    const { end } = request;
    if (end?.aborted) this.abort(end.reason);
    end?.addEventListener('abort', () => this.abort(end.reason), { once: true });
    const cancel = clock.after(hard, () => this.abort(new LoadTimeoutError(key, hard)));
    try {
      const captures = new Captures(request.capture, wishes);
      const value = await Promise.race([
        captures.during(() => request.load(contextOf(request, this, wishes, captures))),
        this.#aborted.promise,
      ]);
      captures.end();
      return { value, wishes, cost: clock.monotonic() - start };
    } finally {
      cancel();
    }
  }
}

/** Follows the tags that a loader names: which were captured before it can have read anything. */
export class Captures {
  #firstStep = false;
  #open = 0;
  readonly #capture: LoadRequest['capture'];
  readonly #wishes: Wishes;

  constructor(capture: LoadRequest['capture'], wishes: Wishes) {
    this.#capture = capture;
    this.#wishes = wishes;
  }

  /** Runs the loader's first, synchronous step. */
  during<T>(run: () => T): T {
    this.#firstStep = true;
    try {
      return run();
    } finally {
      this.#firstStep = false;
    }
  }

  async add(tags: readonly string[]): Promise<void> {
    if (!this.#capture) return;
    const { known, done } = this.#capture(tags);
    if (!known && !this.#firstStep) this.#wishes.late = true;
    this.#open++;
    await done;
    this.#open--;
  }

  /** The loader has ended: what was not awaited came too late. */
  end(): void {
    if (this.#open > 0) this.#wishes.late = true;
  }
}

function contextOf({ stale }: LoadRequest, load: Load, wishes: Wishes, captures: Captures): LoadContext {
  return {
    get signal() {
      return load.signal;
    },
    ...(stale === undefined ? {} : { stale }),
    setTtl(ttl) {
      wishes.ttl = milliseconds(ttl, 'setTtl', { infinite: true });
    },
    addTags: async (...tags) => {
      for (const tag of tags)
        if (typeof tag !== 'string' || tag === '') throw new UsageError('addTags', tag, 'must be non-empty texts');
      await captures.add(tags);
    },
    setVersion(version) {
      wishes.version = checkVersion(version, 'setVersion');
    },
    skip() {
      wishes.skip = true;
    },
  };
}

/** The promise, or the signal's reason if that comes first; a late rejection of the promise then goes unnoticed. */
export function until<T>(signal: AbortSignal | undefined, promise: PromiseLike<T> | T): Promise<T> {
  if (!signal) return Promise.resolve(promise);
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    Promise.resolve(promise)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
