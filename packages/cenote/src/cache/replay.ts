import { fenceOf, pairsOf, removePattern } from './invalidation.js';
import { remove, retire } from './operations/index.js';
import { keyPattern } from './pattern.js';
import type { Call } from './plan.js';
import type { Scope } from './scope.js';
import type { Tally } from './tally.js';

/** Milliseconds between attempts while the store is away or refuses. */
const firstPause = 50;
const longestPause = 1_000;

/** How many kept invalidations go out together. */
const most = 500;

/**
 * Sends kept invalidations until none is left: at once when the store comes up, else after a pause. One replay at a time
 * runs for a store and prefix, whichever of its caches began it.
 */
export function scheduleReplay(scope: Scope, tally: Tally): void {
  const { common, store } = scope;
  if (common.replay) return;
  let pause = firstPause;
  let isRunning = false;
  let cancel: () => void = () => undefined;
  const stop = store.onState((state) => {
    if (state === 'up') attempt();
  });
  const attempt = (): void => {
    cancel();
    if (isRunning) return;
    isRunning = true;
    void replayAll(scope, tally).then((isDone) => {
      isRunning = false;
      if (isDone || common.replay?.isClosed) return end();
      pause = Math.min(pause * 2, longestPause);
      cancel = scope.clock.after(pause, attempt);
    });
  };
  const end = (): void => {
    stop();
    cancel();
    common.replay = undefined;
  };
  common.replay = { isClosed: false, attempt };
  cancel = scope.clock.after(pause, attempt);
}

/** True when nothing is left. Never rejects. */
async function replayAll(scope: Scope, tally: Tally): Promise<boolean> {
  const { pending } = scope.common;
  try {
    while (pending.size > 0) {
      const before = pending.size;
      await replaySome(scope);
      tally.replay(before - pending.size, pending.size);
    }
    return true;
  } catch (error) {
    tally.storeFault('invalidate', error);
    return false;
  }
}

const call: Call = Object.freeze({ near: true });

async function replaySome(scope: Scope): Promise<void> {
  const { store, common } = scope;
  const { pending } = common;
  const keys = pending.keys().slice(0, most);
  await Promise.all(
    keys.map((key) =>
      store.run(remove, {
        pairs: pairsOf(scope, [{ raw: '', stored: key.stored }]),
        settle: key.settle,
        what: 'any',
        version: fenceOf(key.version),
      }),
    ),
  );
  pending.settleKeys(keys);
  const tags = pending.tags().slice(0, most);
  await Promise.all(tags.map(({ tag, settle }) => store.run(retire, { tags: [tag.key], settle })));
  pending.settleTags(tags);
  const [pattern] = pending.patterns();
  if (!pattern) return;
  await removePattern(scope, keyPattern(common.names, pattern.pattern), call);
  pending.settlePattern(pattern);
}
