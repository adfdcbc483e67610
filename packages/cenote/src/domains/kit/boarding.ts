import { Turn } from '../../cache/unleased.js';
import type { Answer, Lease } from './lease.js';
import { Questions } from './questions.js';

/** A load under a lease in this process, and those who wait for it. */
export class Flight {
  readonly lease: Lease;
  readonly turn: Turn<unknown>;
  /** It has ended, or all who waited have gone. */
  isOver = false;

  constructor(lease: Lease, load: (end: AbortSignal) => Promise<unknown>) {
    this.lease = lease;
    this.turn = new Turn(load);
  }
}

/** What the store said of a lease, to all who were there when it was asked; and the flight that one of them began on it. */
export interface Told {
  readonly answer: Answer;
  flight?: Flight;
}

/** The loads of domain objects under way in this process, and the questions who may join them. */
export class Boarding {
  readonly flights = new Map<string, Flight>();
  readonly questions = new Questions<Told>();
}
