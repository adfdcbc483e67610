import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { claim as lua } from './lua.gen.js';

export interface ClaimInput {
  readonly lease: string;
  readonly epoch: string;
  readonly token: string;
  /** Milliseconds of life of the lease. */
  readonly life: number;
}

export type Claimed = { readonly word: 'granted' } | { readonly word: 'taken'; readonly holder: string };

/** Asks for the right to fill what is cold, or for who has it. See `claim.lua`. One round trip, O(1). */
export const claim = defineOperation<ClaimInput, Claimed>({
  name: 'claim',
  lua,
  invalidates: false,
  encode: ({ lease, epoch, token, life }) => ({ keys: [lease], args: [epoch, token, String(life)] }),
  local(data, { keys: [lease = ''], args: [epoch, token = '', life] }) {
    const holder = data.get(lease)?.toString();
    if (holder?.startsWith(`${text(epoch)}.`)) return ['taken', holder];
    data.set(lease, token, Number(text(life)));
    return ['granted'];
  },
  decode(reply) {
    const [word, holder] = replyList(reply, 'claim');
    const known = replyWord(word, ['granted', 'taken'], 'claim');
    return known === 'taken' ? { word: known, holder: text(holder) } : { word: known };
  },
});
