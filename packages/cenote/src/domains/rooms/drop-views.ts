import { defineOperation, text } from '../../store/operation.js';
import { dropViews as lua } from './lua.gen.js';

export interface DropViewsInput {
  readonly index: string;
  readonly views: readonly { readonly member: string; readonly view: string; readonly lease: string }[];
}

/** Removes views of one room and voids their leases; the number that were there. See `drop-views.lua`. One round trip. */
export const dropViews = defineOperation<DropViewsInput, number>({
  name: 'rooms:drop-views',
  lua,
  invalidates: true,
  encode: ({ index, views }) => ({
    keys: [index, ...views.flatMap(({ view, lease }) => [view, lease])],
    args: views.map(({ member }) => member),
  }),
  local(data, { keys: [index = '', ...keys], args }) {
    let removed = 0;
    for (const [i, member] of args.entries()) {
      if (data.delete(keys[2 * i] ?? '')) removed++;
      data.delete(keys[2 * i + 1] ?? '');
      if (data.type(index) === 'zset') data.zrem(index, text(member));
    }
    return removed;
  },
  decode: Number,
});
