/** Ways to invalidate, as runs name them. */
export const kinds = ['keys', 'tags', 'patterns', 'groups', 'mixed'] as const;
export type Kind = (typeof kinds)[number];

/** What the weather may do meanwhile. */
export const faultsExplained = {
  damage: 'bits of entries flip',
  refusals: 'Redis answers reads and refuses writes',
  stalls: 'Redis is frozen (SIGSTOP)',
  losses: 'Redis is killed and comes back empty',
  restarts: 'Redis is killed and comes back with what it held a while ago: what was deleted since is there again',
  delays: 'a network takes up to 120 ms, both ways or one',
  cuts: 'connections are reset',
  blackholes: 'a network lets nothing through, both ways or one, and tells nobody; what it held arrives late or never',
  freezes: 'a cache process is frozen (SIGSTOP) and wakes up',
  suspensions: 'the same, and its monotonic clock has stood still, as on a machine that slept',
  skews: 'wall clocks are wrong by up to 15 minutes, and jump: the clock that a cache is given, or Date itself',
} as const;
export type Fault = keyof typeof faultsExplained;
export const faults = Object.keys(faultsExplained) as readonly Fault[];

/** How rows are declared to the cache: bare, with tags, with groups; each also with so short a life that it is served stale and refreshed behind. */
export const families = ['plain', 'tagged', 'grouped', 'plain-brief', 'tagged-brief', 'grouped-brief'] as const;
export type Family = (typeof families)[number];

/** How a writer makes a row's entries go. */
export type Means = 'del' | 'delMultiple' | 'keyspace.del' | 'invalidate' | 'invalidateTags' | 'keyspace.invalidate';
