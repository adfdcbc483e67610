import { Cache, connect } from 'cenote';

/** What this program is asked for; it answers `done` once Redis has acknowledged all of it. */
export interface Invalidations {
  readonly keys: readonly string[];
  readonly tags: readonly string[];
  readonly pattern: string;
}

/** A process that invalidates: forked with the URL of a Redis and a prefix. It says `ready` when it is connected. */
const [url, prefix] = process.argv.slice(2) as [string, string];
const store = connect({ url, deadline: '10s' });
const cache = new Cache({ store, prefix, near: false });

process.on('message', ({ keys, tags, pattern }: Invalidations) => {
  const strict = { strict: true };
  void Promise.all([
    cache.delMultiple(keys, strict),
    cache.invalidateTags(tags, strict),
    cache.invalidate(pattern, strict),
  ]).then(() => process.send?.('done'));
});
await store.ready();
process.send?.('ready');
