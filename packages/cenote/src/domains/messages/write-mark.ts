import { StoreError } from '../../core/errors.js';
import type { CallOptions } from '../../store/store.js';
import type { DomainCall } from '../kit/call.js';
import type { Ground } from '../kit/ground.js';
import type { Replay } from '../kit/kept.js';

/** Something that only moves forward, and may be told twice: a status, a deletion, a sequence. */
export interface MarkWrite<Reply> {
  /** What it changes: cold in this process until the store has been told. */
  readonly key: string;
  readonly send: (call: CallOptions) => Promise<Reply>;
  /** Makes what it would have changed cold, or right. */
  readonly replay: Replay;
  /** What the mark itself is kept as. */
  readonly note: string;
}

/**
 * Writes a mark; `undefined` when it was not acknowledged. What it would have changed is replayed then, and the mark besides
 * under a name of its own: it must outlive what is kept for the key, lest a later write bring the older state back.
 */
export async function writeMark<Reply>(
  ground: Ground,
  call: DomainCall,
  { key, send, replay, note }: MarkWrite<Reply>,
): Promise<Reply | undefined> {
  const keep = (): void => {
    if (!ground.kept.keep(note, () => send({}), ground.tally))
      throw new StoreError('STORE_UNAVAILABLE', 'the store is away, and too many writes are kept already');
  };
  try {
    const reply = await ground.write<Reply | undefined>(call, {
      key,
      send,
      replay,
      instead: undefined,
      during: 'delete',
    });
    if (reply === undefined) keep();
    return reply;
  } catch (error) {
    if (call.signal?.aborted) keep();
    throw error;
  }
}
