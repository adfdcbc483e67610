import type { MissReason } from '../core/events.js';
import { parseEntry, type EntryHead } from './entry.js';
import { tagsOfHead, type Tag } from './tags.js';
import type { Names } from './key.js';

/** What is known at the moment of judging. */
export interface Scene {
  readonly names: Names;
  /** The store's clock and identity. */
  readonly now: number;
  readonly epoch: string;
  /** Accept entries of a foreign epoch. */
  readonly trust: boolean;
  /** The tags that the caller names. */
  readonly tags: readonly Tag[];
  /** Versions by tag key, as the store told them after the caller arrived; tags that it lacks are absent. */
  readonly versions: ReadonlyMap<string, string>;
  /** Tag keys whose versions were asked for, present or not. */
  readonly asked: ReadonlySet<string>;
}

/** Nobody's tags: most entries have none. */
export const noVersions: ReadonlyMap<string, string> = new Map();
export const noneAsked: ReadonlySet<string> = new Set();

export type Judgement =
  | { readonly state: 'fresh' | 'stale'; readonly head: EntryHead; readonly payloadAt: number }
  /** `rejected` is the id to name when asking for a lease; `tags` are those that the entry carried. */
  | {
      readonly state: 'gone';
      readonly reason: MissReason;
      readonly rejected?: string | undefined;
      readonly tags?: readonly Tag[];
    }
  /** The entry carries tags whose versions have not been asked for. */
  | { readonly state: 'unsure'; readonly tags: readonly Tag[] };

const absent: Judgement = Object.freeze({ state: 'gone', reason: 'absent' });

/** Whether what stands under a key may be served: intact, of this epoch, under its tags' present versions, and in time. */
export function judge(key: string, bytes: Buffer | null, scene: Scene): Judgement {
  if (bytes === null) return absent;
  const parsed = parseEntry(key, bytes);
  if (parsed.kind === 'floor') return absent;
  if (parsed.kind === 'damaged') return { state: 'gone', reason: 'damaged', rejected: parsed.id };
  const { head, payloadAt } = parsed;
  if (head.epoch !== scene.epoch && !scene.trust) return { state: 'gone', reason: 'epoch', rejected: head.id };
  const tagged = judgeTags(head, scene);
  if (tagged !== undefined) return tagged;
  return judgeTime(head, payloadAt, scene.now);
}

function judgeTags(head: EntryHead, scene: Scene): Judgement | undefined {
  if (head.tags === '' && scene.tags.length === 0) return undefined;
  if (head.tags === expectedPairs(scene)) return undefined;
  const carried = tagsOfHead(scene.names, head.tags);
  const unasked = carried.filter((tag) => !scene.asked.has(tag.key));
  const pairs = new Set(head.tags.split(','));
  const isGood = (tag: Tag): boolean => pairs.has(`${tag.code}=${scene.versions.get(tag.key) ?? ''}`);
  // Tags that are known to fail need no second question.
  const isDead =
    scene.tags.some((tag) => !isGood(tag)) || carried.some((tag) => scene.asked.has(tag.key) && !isGood(tag));
  if (isDead) return { state: 'gone', reason: 'tag', rejected: head.id, tags: carried };
  return unasked.length > 0 ? { state: 'unsure', tags: unasked } : undefined;
}

/** The header's pairs if all is well, as nearly always. `undefined` when a version is missing. */
function expectedPairs({ tags, versions }: Scene): string | undefined {
  let pairs = '';
  for (const tag of tags) {
    const version = versions.get(tag.key);
    if (version === undefined) return undefined;
    pairs += `${pairs && ','}${tag.code}=${version}`;
  }
  return pairs;
}

function judgeTime(head: EntryHead, payloadAt: number, now: number): Judgement {
  if (now < head.freshUntil) return { state: 'fresh', head, payloadAt };
  if (now < head.freshUntil + head.grace) return { state: 'stale', head, payloadAt };
  return { state: 'gone', reason: 'expired', rejected: head.id };
}
