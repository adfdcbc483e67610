import { StoreError } from '../core/errors.js';
import { Acknowledged } from './acknowledged.js';
import { remove, retire } from './operations/index.js';
import { keyPattern } from './pattern.js';
import type { Pending } from './pending.js';
import { fenceOf, pairsOf, removePattern } from './removal.js';
import type { Scope } from './scope.js';
import type { Tally } from './tally.js';

/** Milliseconds between attempts while the store is away or refuses. */
const firstPause = 50;
const longestPause = 1_000;

/** How many kept invalidations go out together. */
const most = 500;

/** Keeps what `add` adds, and has it replayed. */
export function keep(scope: Scope, tally: Tally, add: (pending: Pending) => void): void {
  const { pending } = scope.common;
  add(pending);
  tally.keep(pending.size, pending.everything);
  replay(scope, tally);
}

/** Remembers what the store has acknowledged, so that it is kept again if the store turns out to be another. O(1). */
export function remember(scope: Scope, tally: Tally, add: (acknowledged: Pending) => void): void {
  scope.common.acknowledged ??= new Acknowledged(scope.store, scope.clock, (lost) => {
    if (lost.some(({ size }) => size > 0))
      keep(scope, tally, (pending) => lost.forEach((generation) => pending.addAll(generation)));
  });
  scope.common.acknowledged.add(add);
}

/**
 * Sends kept invalidations until none is left: at once when the store comes up, else after a pause. One replay at a time
 * runs for a store and prefix, whichever of its caches began it.
 */
function replay(scope: Scope, tally: Tally): void {
  if (scope.common.isReplaying) return;
  void replayAll(scope, tally);
}

/** Never rejects. Ends when nothing is left, or the store is closed. */
async function replayAll(scope: Scope, tally: Tally): Promise<void> {
  const { common } = scope;
  common.isReplaying = true;
  let pause = firstPause;
  while (common.pending.size > 0) {
    await untilUp(scope, pause);
    try {
      const before = common.pending.size;
      await replaySome(scope, tally);
      tally.replay(before - common.pending.size, common.pending.size);
      pause = 0;
    } catch (error) {
      if (error instanceof StoreError && error.code === 'STORE_CLOSED') break;
      tally.storeFault('invalidate', error);
      pause = Math.min(Math.max(pause * 2, firstPause), longestPause);
    }
  }
  // In one step with the last look, so that what is kept from now on begins a replay of its own.
  common.isReplaying = false;
}

/** Waits for `pause`, or for the store to come up if that is sooner. */
export function untilUp({ store, clock }: Pick<Scope, 'store' | 'clock'>, pause: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      stop();
      cancel();
      resolve();
    };
    const stop = store.onState((state) => {
      if (state === 'up') end();
    });
    const cancel = clock.after(pause, end);
  });
}

async function replaySome(scope: Scope, tally: Tally): Promise<void> {
  const { store, common } = scope;
  const { pending } = common;
  const keys = pending.keys().slice(0, most);
  await Promise.all(
    keys.map(({ stored, settle, version }) =>
      store.run(remove, {
        pairs: pairsOf(scope, [{ raw: '', stored }]),
        settle,
        what: 'any',
        version: fenceOf(version),
      }),
    ),
  );
  pending.settleKeys(keys);
  remember(scope, tally, (acknowledged) => keys.forEach((entry) => acknowledged.addKey(entry)));
  const tags = pending.tags().slice(0, most);
  await Promise.all(tags.map(({ tag, settle }) => store.run(retire, { tags: [tag.key], settle })));
  pending.settleTags(tags);
  remember(scope, tally, (acknowledged) => tags.forEach((entry) => acknowledged.addTag(entry)));
  const [pattern] = pending.patterns();
  if (!pattern) return;
  await removePattern(scope, keyPattern(common.names, pattern.pattern), {});
  pending.settlePattern(pattern);
  remember(scope, tally, (acknowledged) => acknowledged.addPattern(pattern.pattern));
}
