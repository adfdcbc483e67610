import type { Store } from '../store/store.js';
import { randomId } from './entry.js';
import type { Names } from './key.js';
import { capture, hold } from './operations/index.js';

/** A tag, ready for use: `code` is how a header writes it, `key` where its version is stored. */
export interface Tag {
  readonly code: string;
  readonly key: string;
}

const none: readonly Tag[] = Object.freeze([]);

/** The tags a caller names, each once, in the order in which headers write them. */
export function resolveTags(names: Names, tags: readonly string[], field = 'tags'): readonly Tag[] {
  if (tags.length === 0) return none;
  const resolved = [...new Set(tags)].map((tag, index) => {
    const key = names.tag(tag, `${field}[${index}]`);
    return { code: encodeURIComponent(tag), key };
  });
  return resolved.sort(byCode);
}

/** The tags that a header names. */
export function tagsOfHead(names: Names, pairs: string): readonly Tag[] {
  if (pairs === '') return none;
  return pairs.split(',').map((pair) => {
    const code = pair.slice(0, pair.indexOf('='));
    return { code, key: names.tag(decodeURIComponent(code)) };
  });
}

/** How many tags a header names. */
export function countTags(pairs: string): number {
  return pairs === '' ? 0 : pairs.split(',').length;
}

/** `first` and those of `second` that it lacks. */
export function mergeTags(first: readonly Tag[], second: readonly Tag[]): readonly Tag[] {
  const added = second.filter((tag) => !first.some((known) => known.key === tag.key));
  return added.length === 0 ? first : [...first, ...added].sort(byCode);
}

/** `name=version` pairs as a header writes them. */
export function tagPairs(tags: readonly Tag[], versions: ReadonlyMap<string, string>): string {
  return tags.map((tag) => `${tag.code}=${versions.get(tag.key) ?? ''}`).join(',');
}

export function freshVersions(count: number, epoch: string): string[] {
  return Array.from({ length: count }, () => `${epoch}.${randomId()}`);
}

/**
 * Captures the versions of tags, by their keys: what is loaded from now on is good under them. `undefined` when one of
 * them is on hold. One round trip a partition.
 */
export async function captureTags(
  store: Store,
  tags: readonly Tag[],
  life: number,
  epoch: string,
  deadline: number | undefined,
): Promise<Map<string, string> | undefined> {
  const captured = new Map<string, string>();
  await Promise.all(
    store.partition(tags.map((tag) => tag.key)).map(async (keys) => {
      const versions = await store.run(
        capture,
        { tags: keys, versions: freshVersions(keys.length, epoch), life, epoch },
        { deadline },
      );
      for (const [index, key] of keys.entries()) captured.set(key, versions[index] ?? hold);
    }),
  );
  return [...captured.values()].includes(hold) ? undefined : captured;
}

function byCode(a: Tag, b: Tag): number {
  return (
    a.code < b.code ? -1
    : a.code > b.code ? 1
    : 0
  );
}
