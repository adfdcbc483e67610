import type { CallOptions } from '../../store/store.js';
import type { Ground } from '../kit/ground.js';
import { shardKeys, type ShardKeys } from './shards.js';

/**
 * Asks several things of the store at once, in one round trip: what each was answered, aligned; `undefined` where the store
 * did not answer, which is one fault however many fail. Rejects only when the caller gives up.
 */
export async function askAll<Item, Answer>(
  ground: Ground,
  call: CallOptions,
  items: readonly Item[],
  ask: (item: Item, epoch: string) => Promise<Answer>,
): Promise<(Answer | undefined)[]> {
  const epoch = await epochNow(ground, call);
  return epoch === undefined ?
      items.map(() => undefined)
    : settle(
        ground,
        call,
        items.map((item) => ask(item, epoch)),
      );
}

/** Something that is asked of a shard. */
export interface Question {
  readonly shard: number;
}

/**
 * Asks shards, as many in one call as one operation may touch: a single call on a server, one for each shard on a cluster,
 * all sent together. What each was answered, aligned; `undefined` where the store did not answer, which is one fault. `ask`
 * answers its questions in their order.
 */
export async function askShards<Asked extends Question, Answer>(
  ground: Ground,
  call: CallOptions,
  questions: readonly Asked[],
  ask: (some: readonly (Asked & { readonly keys: ShardKeys })[], epoch: string) => Promise<readonly Answer[]>,
): Promise<(Answer | undefined)[]> {
  const epoch = await epochNow(ground, call);
  if (epoch === undefined) return questions.map(() => undefined);
  const places = new Map<string, number[]>();
  const keyed = questions.map((question, place) => {
    const keys = shardKeys(ground, question.shard, epoch);
    const those = places.get(keys.users);
    if (those) those.push(place);
    else places.set(keys.users, [place]);
    return { ...question, keys };
  });
  const parts = ground.store.partition([...places.keys()]).map((part) => part.flatMap((key) => places.get(key) ?? []));
  const replies = await settle(
    ground,
    call,
    parts.map((part) =>
      ask(
        part.map((place) => keyed[place] as (typeof keyed)[number]),
        epoch,
      ),
    ),
  );
  const answers: (Answer | undefined)[] = questions.map(() => undefined);
  for (const [i, part] of parts.entries()) part.forEach((place, at) => (answers[place] = replies[i]?.[at]));
  return answers;
}

function epochNow(ground: Ground, call: CallOptions): Promise<string | undefined> {
  return ground.read<string | undefined>(
    call,
    (limits) => ground.epoch(limits),
    () => undefined,
  );
}

async function settle<Answer>(
  ground: Ground,
  call: CallOptions,
  asked: readonly Promise<Answer>[],
): Promise<(Answer | undefined)[]> {
  const outcomes = await Promise.allSettled(asked);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure && call.signal?.aborted) throw failure.reason;
  if (failure) ground.tally.storeFault('read', failure.reason);
  return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined));
}
