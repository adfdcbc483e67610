import { createClient } from '@redis/client';
import { Cache, connect } from 'cenote';

import type { RedisServer } from '../test/servers/redis.js';
import { withRedis, type Bench } from './bench.js';
import type { Table } from './table.js';

const tenKeys = Array.from({ length: 10 }, (_, index) => `many:${index}`);
const all = (keys: readonly string[]): Map<string, string> => new Map(keys.map((key) => [key, 'value']));

/** What each verb sends, uncontended. `before` is not counted. */
const verbs: readonly {
  name: string;
  before?: (cache: Cache) => Promise<unknown>;
  run: (cache: Cache) => Promise<unknown>;
}[] = [
  { name: 'get, hit', before: (cache) => cache.set('k', 1), run: (cache) => cache.get('k') },
  { name: 'get, miss', run: (cache) => cache.get('absent') },
  {
    name: '64 gets at one moment',
    before: (cache) => cache.set('k', 1),
    run: (cache) => Promise.all(Array.from({ length: 64 }, () => cache.get('k'))),
  },
  { name: 'wrap, hit', before: (cache) => cache.set('k', 1), run: (cache) => cache.wrap('k', () => 2) },
  {
    name: 'wrap, hit, 2 tags',
    before: (cache) => cache.set('tagged', 1, { tags: ['a', 'b'] }),
    run: (cache) => cache.wrap('tagged', () => 2, { tags: ['a', 'b'] }),
  },
  { name: 'wrap, miss and fill', run: (cache) => cache.wrap('filled', () => 1) },
  { name: 'wrap, miss and fill, 2 tags', run: (cache) => cache.wrap('filled tagged', () => 1, { tags: ['c', 'd'] }) },
  { name: 'getMany of 10', before: (cache) => cache.setMany(all(tenKeys)), run: (cache) => cache.getMany(tenKeys) },
  { name: 'wrapMany of 10, all hits', run: (cache) => cache.wrapMany(tenKeys, all) },
  {
    name: 'wrapMany of 10, all missing',
    before: (cache) => cache.delMultiple(tenKeys),
    run: (cache) => cache.wrapMany(tenKeys, all),
  },
  { name: 'set', run: (cache) => cache.set('k', 1) },
  { name: 'set, 2 tags', run: (cache) => cache.set('k', 1, { tags: ['a', 'b'] }) },
  { name: 'setMany of 10', run: (cache) => cache.setMany(all(tenKeys)) },
  { name: 'del', before: (cache) => cache.set('k', 1), run: (cache) => cache.del('k') },
  {
    name: 'del, of an entry with tags',
    before: (cache) => cache.set('k', 1, { tags: ['a', 'b'] }),
    run: (cache) => cache.del('k'),
  },
  { name: 'delMultiple of 10', run: (cache) => cache.delMultiple(tenKeys) },
  { name: 'invalidateTags of 2', run: (cache) => cache.invalidateTags(['a', 'b']) },
  { name: 'has', run: (cache) => cache.has('k') },
  { name: 'ttl', run: (cache) => cache.ttl('k') },
];

/** Commands as the server saw them: those that the client sent, and those that its scripts called. */
export const commands: Bench = {
  name: 'commands',
  about: 'Commands that each verb sends, as the server saw them',
  run: () =>
    withRedis(async (redis) => {
      const store = connect(redis.url);
      const cache = new Cache({ store, prefix: 'bench', near: false });
      const watch = await watchCommands(redis);
      try {
        // Once before, so that the server knows the scripts.
        for (const { before, run } of verbs) {
          await before?.(cache);
          await run(cache);
        }
        await redis.command('FLUSHDB');
        const rows: (string | number)[][] = [];
        for (const { name, before, run } of verbs) {
          await before?.(cache);
          await watch.since();
          await run(cache);
          const { sent, called } = await watch.since();
          rows.push([name, sent.length, sent.join(' '), called.length]);
        }
        const table: Table = {
          title: 'Commands of each verb',
          columns: ['', 'commands', 'which', 'called in scripts'],
          rows,
        };
        return [table];
      } finally {
        await watch.stop();
        await store.close();
      }
    }),
};

export interface Watch {
  /** The commands since the last time. */
  since(): Promise<{ sent: string[]; called: string[] }>;
  stop(): Promise<void>;
}

/** Follows all commands by MONITOR, without the store's own heartbeat. */
export async function watchCommands(redis: RedisServer): Promise<Watch> {
  const monitor = createClient({ url: redis.url });
  await monitor.connect();
  let seen: { name: string; inScript: boolean }[] = [];
  let marked: (() => void) | undefined;
  await monitor.monitor((line) => {
    const [, origin = '', name = ''] = /^\S+ \[\d+ (\S+)\] "(\w+)"/.exec(String(line)) ?? [];
    if (name === 'ECHO') marked?.();
    else if (!['INFO', 'TIME', 'HELLO', 'CLIENT'].includes(name))
      seen.push({ name: name.toUpperCase(), inScript: origin === 'lua' });
  });
  return {
    async since() {
      const mark = new Promise<void>((resolve) => (marked = resolve));
      await redis.command('ECHO', 'mark');
      await mark;
      const commandsSeen = seen;
      seen = [];
      const named = (inScript: boolean): string[] =>
        commandsSeen.filter((one) => one.inScript === inScript).map(({ name }) => name);
      return { sent: named(false), called: named(true) };
    },
    stop: () => Promise.resolve(monitor.destroy()),
  };
}
