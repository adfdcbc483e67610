import { defineOperation, replyList, text } from '../../../store/operation.js';
import { route as lua } from './lua.gen.js';
import { prolong } from './local.js';

export interface RouteInput {
  readonly route: string;
  /** `learn` whose it is, unless it is known; `move` also then; `keep` prolongs; `bury` leaves a tombstone where there is none. */
  readonly mode: 'learn' | 'move' | 'keep' | 'bury';
  readonly tag?: string;
  /** Milliseconds. */
  readonly life: number;
}

/** What the route of a deleted id says that nobody knew. */
export const buried = 'gone';

/** The tag of the user whose session a given id is, `gone`, or `absent`. See `route.lua`. One round trip, O(1). */
export const route = defineOperation<RouteInput, string>({
  name: 'route',
  lua,
  invalidates: false,
  encode: ({ route: key, mode, tag = '', life }) => ({ keys: [key], args: [mode, tag, String(life)] }),
  local(data, { keys: [key = ''], args: [modeArg, tagArg, lifeArg] }) {
    const [mode, tag, life] = [text(modeArg), text(tagArg), Number(text(lifeArg))];
    const held = data.get(key)?.toString();
    if (held === buried) return [buried];
    if (mode === 'bury') {
      if (held === undefined) data.set(key, buried, life);
    } else if (mode === 'move' || (mode === 'learn' && held === undefined)) {
      data.set(key, tag, 2 * life);
      return [tag];
    } else if (held !== undefined) prolong(data, key, life, 2 * life);
    return [held ?? 'absent'];
  },
  decode: (reply) => text(replyList(reply, 'route')[0]),
});
