/** A cache under measure: its memory tier off where it can be, over one Redis, in a process of its own. */
export interface Subject {
  /** The value under a key that is there. */
  get(key: string): Promise<unknown>;
  /** The value under a key, loaded by the `load` it was opened with and stored when it is not there. */
  wrap(key: string): Promise<unknown>;
  close(): Promise<unknown>;
}

export type OpenSubject = (url: string, load: (key: string) => Promise<object>) => Promise<Subject>;

/** Milliseconds that entries live: longer than any run. */
export const life = 3_600_000;
