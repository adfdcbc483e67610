import { families, type Family, type Kind, type Means } from './kinds.js';
import { Random } from './random.js';

/** A few rows that some writers change and some readers read at the same time, in all servers. */
export interface Episode {
  readonly id: number;
  readonly kind: Kind;
  /** Its rows in the truth's file. */
  readonly rows: readonly number[];
}

/** What an episode is, by its seed: every server comes to the same. */
export interface Plot {
  readonly family: Family;
  readonly means: readonly Means[];
  /** By writer: the server it runs in. */
  readonly writers: readonly number[];
  readonly readersPerServer: number;
  /** Milliseconds that a pause of writers and readers takes at most. */
  readonly pace: number;
}

export const mostRows = 3;

const plain = ['del', 'delMultiple', 'keyspace.del'] as const;
const meansBy = {
  keys: () => plain,
  tags: () => ['invalidateTags'],
  patterns: () => ['invalidate'],
  groups: () => ['keyspace.invalidate'],
} as const satisfies Record<Exclude<Kind, 'mixed'>, () => readonly Means[]>;

/** With `near` some episodes take longer than memory may lag. */
export function plotOf(seed: number, { id, kind }: Episode, servers: number, near: boolean): Plot {
  const random = new Random(seed, id, 'plot');
  const one = kind === 'mixed' ? random.pick(['keys', 'tags', 'patterns', 'groups', 'all'] as const) : kind;
  const family = familyOf(one, random);
  return {
    family,
    means: one === 'all' ? allMeans(family) : meansBy[one](),
    writers: Array.from({ length: 1 + random.below(2) }, () => random.below(servers)),
    // Where there is memory each reads several times at once.
    readersPerServer: (near ? 1 : 2) + random.below(2),
    pace: random.pick(near ? ([4, 8, 30, 80] as const) : ([2, 4, 8] as const)),
  };
}

/** Milliseconds that a loader of an episode takes at most: some outlast a whole pattern, some end in the middle of it. */
export function slowestLoad(id: number): number {
  return new Random(id, 'loads').pick([3, 12, 40]);
}

function familyOf(kind: Exclude<Kind, 'mixed'> | 'all', random: Random): Family {
  const lasting = { keys: 'plain', tags: 'tagged', groups: 'grouped', patterns: undefined, all: undefined } as const;
  const family = lasting[kind];
  if (family === undefined) return random.pick(families);
  return random.chance(0.25) ? `${family}-brief` : family;
}

/** All ways that reach entries of a family. */
function allMeans(family: Family): readonly Means[] {
  const more: readonly Means[] =
    family.startsWith('tagged') ? ['invalidateTags']
    : family.startsWith('grouped') ? ['keyspace.invalidate']
    : [];
  return [...plain, 'invalidate', ...more];
}
