/** Ways to invalidate, as runs name them. */
export const kinds = ['keys', 'tags', 'patterns', 'groups', 'mixed'] as const;
export type Kind = (typeof kinds)[number];

/** What the weather may do to the servers meanwhile. */
export const faults = ['damage', 'refusals', 'cuts', 'restarts'] as const;
export type Fault = (typeof faults)[number];

/** How rows are declared to the cache: bare, with tags, with groups; each also with so short a life that it is served stale and refreshed behind. */
export const families = ['plain', 'tagged', 'grouped', 'plain-brief', 'tagged-brief', 'grouped-brief'] as const;
export type Family = (typeof families)[number];

/** How a writer makes a row's entries go. */
export type Means = 'del' | 'delMultiple' | 'keyspace.del' | 'invalidate' | 'invalidateTags' | 'keyspace.invalidate';
