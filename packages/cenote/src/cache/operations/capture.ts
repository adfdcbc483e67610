import { defineOperation, replyList, text, type OperationCall } from '../../store/operation.js';
import type { LocalData } from '../../store/memory/local-data.js';
import { capture as lua } from './lua.gen.js';

export interface CaptureInput {
  /** Stored keys of tags, one partition. */
  readonly tags: readonly string[];
  /** A fresh random version for each tag, used where one is missing. */
  readonly versions: readonly string[];
  /** Milliseconds that the tags must live at least; `Infinity` for ever. */
  readonly life: number;
  readonly epoch: string;
}

/** The value of a tag's key while an invalidation settles. */
export const hold = 'hold';

/** Milliseconds for which an invalidation still settles; one that would never end is none of ours. */
export function settlesFor(data: LocalData, key: string): number {
  const left = data.get(key)?.toString() === hold ? (data.lifetime(key) ?? 0) : 0;
  return left === Infinity ? 0 : left;
}

/** Reads the versions of tags, making the missing ones. See `capture.lua`. One round trip. */
export const capture = defineOperation<CaptureInput, string[]>({
  name: 'capture',
  lua,
  invalidates: false,
  encode: ({ tags, versions, life, epoch }) => ({ keys: tags, args: [lifeArgument(life), epoch, ...versions] }),
  local: (data, { keys, args }) => keys.map((tag, i) => captureOne(data, tag, args[0], args[1], args[i + 2]) ?? hold),
  decode: (reply) => replyList(reply, 'capture').map(text),
});

type Argument = OperationCall['args'][number] | undefined;

/** The version of a tag, or `undefined` on hold. */
export function captureOne(
  data: LocalData,
  tag: string,
  life: Argument,
  epoch: Argument,
  fresh: Argument,
): string | undefined {
  const version = data.get(tag)?.toString();
  if (version === hold) return undefined;
  const lifetime = lifeOf(life);
  if (version === undefined || !version.startsWith(`${text(epoch)}.`)) {
    data.set(tag, text(fresh), 2 * lifetime);
    return text(fresh);
  }
  if (lifetime > (data.lifetime(tag) ?? 0)) data.expire(tag, 2 * lifetime);
  return version;
}

/** A lifetime as an argument: `''` for none. */
export function lifeArgument(life: number): string {
  return life === Infinity ? '' : String(Math.ceil(life));
}

export function lifeOf(argument: Argument): number {
  const digits = text(argument);
  return digits === '' ? Infinity : Number(digits);
}
