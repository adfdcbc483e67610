import type { CallOptions } from '../../store/store.js';
import type { Ground } from '../kit/ground.js';

/**
 * Asks several things of the store at once, in one round trip: what each was answered, aligned; `undefined` where the store
 * did not answer, which is one fault however many fail. Rejects only when the caller gives up.
 */
export async function askAll<Item, Answer>(
  ground: Ground,
  call: CallOptions,
  items: readonly Item[],
  ask: (item: Item, epoch: string, call: CallOptions) => Promise<Answer>,
): Promise<(Answer | undefined)[]> {
  const epoch = await ground.read<string | undefined>(
    call,
    (limits) => ground.epoch(limits),
    () => undefined,
  );
  if (epoch === undefined) return items.map(() => undefined);
  const outcomes = await Promise.allSettled(items.map((item) => ask(item, epoch, call)));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure && call.signal?.aborted) throw failure.reason;
  if (failure) ground.tally.storeFault('read', failure.reason);
  return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined));
}
