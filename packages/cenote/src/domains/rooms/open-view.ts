import { defineOperation, text } from '../../store/operation.js';
import { openView as lua } from './lua.gen.js';
import { enter, generationAt } from './stored.js';

export interface OpenViewInput {
  readonly headline: string;
  readonly index: string;
  readonly epoch: string;
  /** Milliseconds that the headline lives at least. */
  readonly least: number;
  /** Milliseconds that the load may take. */
  readonly life: number;
  readonly generation: string;
  readonly member: string;
}

/** Captures the generation that a load is to be stored under. See `open-view.lua`. One round trip. */
export const openView = defineOperation<OpenViewInput, string>({
  name: 'rooms:open-view',
  lua,
  invalidates: false,
  encode: ({ headline, index, epoch, least, life, generation, member }) => ({
    keys: [headline, index],
    args: [epoch, String(least), String(life), generation, member],
  }),
  local(data, { keys: [headline = '', index = ''], args }) {
    const [epoch = '', least, life, generation = '', member = ''] = args.map(text);
    const held = generationAt(data, headline, epoch, generation, Number(least));
    enter(data, index, member, Number(life), 'at least');
    return held;
  },
  decode: text,
});
