import { defineOperation, text } from '../../store/operation.js';
import { hold, settlesFor } from './capture.js';
import { retire as lua } from './lua.gen.js';

export interface RetireInput {
  /** Stored keys of tags, one partition. */
  readonly tags: readonly string[];
  /** Milliseconds in which no capture may fill; 0 for none. */
  readonly settle: number;
}

/** Invalidates tags. See `retire.lua`. One round trip, O(tags) whatever the number of entries. */
export const retire = defineOperation<RetireInput, void>({
  name: 'retire',
  lua,
  invalidates: true,
  encode: ({ tags, settle }) => ({ keys: tags, args: [String(settle)] }),
  local(data, { keys, args: [argument] }) {
    const settle = Number(text(argument));
    for (const tag of keys) {
      const left = settlesFor(data, tag);
      if (left > 0 && left >= settle) continue;
      data.delete(tag);
      if (settle > 0) data.set(tag, hold, settle);
    }
    return keys.length;
  },
  decode: () => undefined,
});
