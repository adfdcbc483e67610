import { defineOperation, replyList, text } from '../../store/operation.js';
import type { LocalData } from '../../store/memory/local-data.js';
import { headLength } from '../entry.js';
import { hold, settlesFor } from './capture.js';
import { remove as lua } from './lua.gen.js';
import { bytesAt, entryId, floorOf, versionOf } from './stored.js';

export interface RemoveInput {
  /** Stored key and lease of each, one partition. */
  readonly pairs: readonly (readonly [value: string, lease: string])[];
  /** Milliseconds in which nothing may be filled; 0 for none. */
  readonly settle: number;
  /** `ours` leaves alone what has no header of ours. */
  readonly what: 'ours' | 'any';
  /** The version that truth has reached: an entry that has it stays, and a fill below it is refused. */
  readonly version?: { readonly good: string; readonly floor: string } | undefined;
}

/** How long the floor of an explicit version stands: as long as replicas may plausibly lag. */
const floorLife = 3_600_000;
/** How long a floor made of the removed version stands: past the hard deadline of loads that read before. */
const removedFloorLife = 60_000;

/** Removes entries and voids their leases. See `remove.lua`. One round trip. Replies each removed entry's header, or `undefined`. */
export const remove = defineOperation<RemoveInput, (Buffer | undefined)[]>({
  name: 'remove',
  lua,
  invalidates: true,
  encode: ({ pairs, settle, what, version }) => ({
    keys: pairs.flat(),
    args: [
      String(settle),
      what,
      version?.good ?? '',
      version?.floor ?? '',
      String(floorLife),
      String(removedFloorLife),
    ],
  }),
  local(data, { keys, args }) {
    const [settle = '0', what = '', good = '', floor = '', life = '', removedLife = ''] = args.map(text);
    return Array.from({ length: keys.length / 2 }, (_, i) => {
      const [value = '', lease = ''] = keys.slice(2 * i, 2 * i + 2);
      const removed = removeValue(data, value, {
        what,
        good,
        floor,
        life: Number(life),
        removedLife: Number(removedLife),
      });
      voidLease(data, lease, Number(settle));
      return removed;
    });
  },
  decode: (reply) =>
    replyList(reply, 'remove').map((head) => (Buffer.isBuffer(head) && head.length > 0 ? head : undefined)),
});

interface Rule {
  what: string;
  good: string;
  floor: string;
  life: number;
  removedLife: number;
}

function removeValue(data: LocalData, key: string, rule: Rule): Buffer | string {
  const present = bytesAt(data, key);
  const entry = entryId(present) !== undefined;
  const version = entry ? versionOf(present) : undefined;
  const oldFloor = floorOf(present);
  if (version !== undefined && rule.good !== '' && version >= rule.good) return '';
  let { floor, life } = rule;
  if (version !== undefined && rule.good === '') [floor, life] = [version, rule.removedLife];
  if (oldFloor !== undefined && oldFloor > floor) return '';
  if (entry || oldFloor !== undefined || rule.what === 'any') data.delete(key);
  if (floor !== '') data.set(key, `cenote/f ${floor}`, life);
  return entry && present ? present.subarray(0, headLength) : '';
}

function voidLease(data: LocalData, lease: string, settle: number): void {
  const held = data.get(lease)?.toString();
  if (held !== undefined && held !== hold) data.delete(lease);
  if (settle > 0 && settlesFor(data, lease) < settle) data.set(lease, hold, settle);
}
