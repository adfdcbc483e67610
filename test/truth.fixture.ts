import { until } from './faults.fixture.js';

/** What is true of each key: a number, which grows with each commit. */
export class Truth {
  /** Loads so far. */
  loads = 0;
  readonly #versions = new Map<string, number>();
  /** What a replica of the source still says. */
  readonly #lagging = new Map<string, number>();

  version(key: string): number {
    return this.#versions.get(key) ?? 1;
  }

  /** With `lag`, loaders go on reading what was, until `catchUp`. */
  commit(keys: readonly string[], { lag = false } = {}): void {
    for (const key of keys) {
      if (lag && !this.#lagging.has(key)) this.#lagging.set(key, this.version(key));
      this.#versions.set(key, this.version(key) + 1);
    }
  }

  catchUp(): void {
    this.#lagging.clear();
  }

  /** What a loader reads now. */
  load(key: string): number {
    this.loads++;
    return this.#lagging.get(key) ?? this.version(key);
  }
}

/** Some way to read a row. */
export type Read = (key: string) => Promise<number>;

/** How many of these keys are read otherwise than they are. */
export async function stale(truth: Truth, keys: readonly string[], read: Read): Promise<number> {
  const versions = await Promise.all(keys.map(read));
  return versions.filter((version, index) => version !== truth.version(keys[index] as string)).length;
}

/** Resolves when all of these keys are read without a load. */
export async function warm(truth: Truth, keys: readonly string[], read: Read): Promise<void> {
  await until('all rows are cached', async () => {
    const { loads } = truth;
    await Promise.all(keys.map(read));
    return truth.loads === loads;
  });
}
