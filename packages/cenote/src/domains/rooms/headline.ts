import { decodeRecord, encodeRecord } from '../kit/record.js';
import type { Order } from './order.js';
import type { RoomMessage } from './message.js';
import type { Seal } from './seal.js';

/** Characters of a generation, which stands before each view's entry. */
export const generationLength = 16;

/** A message as the entry of a headline. What the server compares stands before it, and is under its checksum too. */
export function sealMessage(
  seal: Seal,
  key: string,
  message: RoomMessage,
  order: Order,
  epoch: string,
): string | Buffer {
  return seal.close(nameOf(key, String(order.at), order.tie), encodeRecord(message), epoch);
}

function nameOf(key: string, at: string, tie: string): string {
  return `${key} ${at} ${tie}`;
}

/** A room's last message, as its headline holds it. */
export class Last<M extends RoomMessage> {
  readonly order: Order;
  readonly #text: string;

  constructor(order: Order, text: string) {
    this.order = order;
    this.#text = text;
  }

  /** Its own for each call, frozen. */
  take(): M {
    return decodeRecord<M>(this.#text) as M;
  }
}

/**
 * What stands for a room as a whole: the generation that its views must carry, and its last message. Read beside each view.
 *
 * - `absent`: none, or of another epoch. No view of the room is good.
 * - `damaged`: one that must be removed, since the server would go on to compare with it.
 */
export type Headline<M extends RoomMessage> =
  { readonly generation: string; readonly last: Last<M> | undefined } | 'absent' | 'damaged';

/** Reads the headline that stands under a key. */
export function readHeadline<M extends RoomMessage>(
  seal: Seal,
  key: string,
  bytes: Buffer | null | undefined,
  epoch: string,
): Headline<M> {
  if (!bytes) return 'absent';
  const end = bytes.indexOf('\n');
  const [of, generation, at, tie, ...more] = bytes.toString('utf8', 0, Math.max(end, 0)).split(' ');
  if (of !== epoch) return 'absent';
  if (generation?.length !== generationLength || tie === undefined || more.length > 0) return 'damaged';
  if (at === '-') return { generation, last: undefined };
  const text = seal.open(nameOf(key, at ?? '', tie), bytes.subarray(end + 1), epoch);
  return text === undefined ? 'damaged' : { generation, last: new Last({ at: Number(at), tie }, text) };
}
