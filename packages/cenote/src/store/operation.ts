import { StoreError, show } from '../core/errors.js';
import type { LocalData } from './memory/local-data.js';

/** What an operation takes: the keys it touches (one partition), and its arguments as text or bytes. Numbers travel as decimal text. */
export interface OperationCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | Uint8Array)[];
}

/** What a body answers: Lua's replies, in both worlds. Text comes back as bytes. */
export type Reply = Buffer | string | number | null | readonly Reply[];

/**
 * A step that must be atomic, told twice: once in Lua for Redis, once in TypeScript for the in-process store. Both bodies
 * see the same keys and arguments and give the same replies; a property test holds them together.
 */
export interface Operation<Input, Output> {
  readonly name: string;
  readonly lua: string;
  /** True for what removes or voids: it is sent even while the breaker is open, since it must not wait for trust to return. */
  readonly invalidates: boolean;
  encode(input: Input): OperationCall;
  local(data: LocalData, call: OperationCall): Reply;
  /** Checks what came back; throws `StoreError` `STORE_REPLY` when it is none of the words that the operation knows. */
  decode(reply: Reply, input: Input): Output;
}

/** Declares an operation; see `docs/guides/add-an-operation.md`. */
export function defineOperation<Input, Output>(operation: Operation<Input, Output>): Operation<Input, Output> {
  return Object.freeze(operation);
}

/** An argument or a reply as text. */
export function text(part: Reply | Uint8Array | undefined): string {
  return (
    typeof part === 'string' ? part
    : part instanceof Uint8Array ? Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString()
    : String(part)
  );
}

/** The list that an operation replied. @throws StoreError when it is none. */
export function replyList(reply: Reply, operation: string): readonly Reply[] {
  if (Array.isArray(reply)) return reply as readonly Reply[];
  throw strange(reply, operation);
}

/** One of the words that an operation may reply. @throws StoreError for any other. */
export function replyWord<const Word extends string>(
  reply: Reply | undefined,
  words: readonly Word[],
  operation: string,
): Word {
  const word = text(reply);
  const known = words.find((candidate) => candidate === word);
  if (known === undefined) throw strange(reply, operation);
  return known;
}

function strange(reply: Reply | undefined, operation: string): StoreError {
  return new StoreError(
    'STORE_REPLY',
    `the operation ${operation} got an answer it does not know: ${show(text(reply))}`,
  );
}
