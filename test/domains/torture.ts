import type { Store } from 'cenote';

/** A domain cache under fire: what one process does again and again, and what must be true of it all in the end. */
export interface Torture {
  readonly name: string;
  /** What one process works on. */
  open(store: Store, place: Place): Promise<Actor>;
  /** What the processes did and saw, against what is stored now and against each other. Findings; none when all is right. */
  verify(reports: readonly unknown[], store: Store): Promise<readonly string[]>;
}

export interface Place {
  readonly process: number;
  readonly processes: number;
  /** Seeded; 0 to below 1. */
  readonly random: () => number;
}

export interface Actor {
  /** One random operation, with a record of what it did and saw. Rejects for a mistake of the cache only. */
  step(): Promise<void>;
  /** As plain JSON. */
  report(): unknown;
  close(): Promise<void>;
}
