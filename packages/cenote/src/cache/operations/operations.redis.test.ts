import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { testRedis, type SharedRedis } from '../../../../../test/servers/redis.js';
import { connect } from '../../store/connect.js';
import { memoryStore } from '../../store/memory/memory-store.js';
import { defineOperation } from '../../store/operation.js';
import type { Store } from '../../store/store.js';
import { structure } from '../../testing/contract/structure-operations.js';
import { encodeEntry, encodeVersion } from '../entry.js';
import { acquire, capture, release, remove, renew, retire, write, type WriteInput } from './index.js';

/**
 * Each operation is told twice, in Lua and in TypeScript. Whatever is done to both stores, both answer the same and hold
 * the same. Lifetimes lie far apart and far away, so that no clock decides.
 */
let redis: SharedRedis;
let remote: Store;
beforeAll(async () => {
  redis = await testRedis();
  remote = connect({ url: redis.url, deadline: '5s' });
  await remote.health();
});
afterAll(async () => {
  await remote.close();
  await redis.stop();
});

interface Step {
  readonly say: string;
  readonly run: (store: Store, prefix: string) => Promise<unknown>;
}

const hour = 3_600_000;
const keys = ['a', 'b'] as const;
const tagNames = ['t', 'u'] as const;
const lease = (prefix: string, key: string): string => `${prefix}lease:${key}`;
const tagKey = (prefix: string, tag: string): string => `${prefix}tag:${tag}`;

const key = fc.constantFrom(...keys);
const tags = fc.subarray([...tagNames]);
const token = fc.constantFrom('e.one', 'e.two', 'hold', 'cool:e.one');
const life = fc.constantFrom(hour, 5 * hour, Infinity);
const epoch = fc.constantFrom('e', 'f', 'e.');
const settle = fc.constantFrom(0, hour, 3 * hour);
const version = fc.option(fc.constantFrom(0, 7, 8, 10, 99n, 12_345_678_901_234_567_890n), { nil: undefined });
const id = fc.constantFrom('sixteen-letters-', 'another-entry-id', 'ÿ-bytes-\u0000-\u0080-etc');

/** What other programs, older versions and accidents leave behind. */
const junk = fc.oneof(
  fc.constantFrom(
    '',
    'foreign',
    'cenote/1 ',
    'cenote/1 short',
    'cenote/1 sixteen-letters- 00000000 1 0 e 017 json 0 -\n1',
    'cenote/1 a 0 - 0 e 5 ',
    'cenote/f 0210',
    'cenote/f 0210\n',
    'cenote/f ',
    'cenote/f 02x0',
    'cenote/2 sixteen-letters- 00000000 1 0 e 017 json 0 -\n1',
    'hold',
    'cool:e.one',
    'e.version',
    'f.version',
  ),
  fc.uint8Array({ maxLength: 40 }),
);

const put = defineOperation<{ key: string; value: string | Uint8Array }, void>({
  name: 'test:put',
  lua: "redis.call('SET', KEYS[1], ARGV[1]) return 1",
  invalidates: false,
  encode: ({ key: at, value }) => ({ keys: [at], args: [value] }),
  local(data, { keys: [at = ''], args: [value = ''] }) {
    data.set(at, value);
    return 1;
  },
  decode: () => undefined,
});

function writing(
  prefix: string,
  at: string,
  given: { id: string; version: number | bigint | undefined; token: string | undefined; life: number },
): WriteInput {
  const text = given.version === undefined ? undefined : encodeVersion(given.version);
  const head = {
    id: given.id.slice(0, 16),
    freshUntil: Infinity,
    grace: 0,
    epoch: 'e',
    version: text,
    encoding: 'json',
    cost: 3,
    tags: '',
  };
  const entry = encodeEntry(at, head, Buffer.from('1'));
  return { value: prefix + at, lease: lease(prefix, at), token: given.token, entry, life: given.life, version: text };
}

const written = fc.record({ key, id, version, token: fc.option(token, { nil: undefined }), life });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({
      key,
      token,
      mode: fc.constantFrom('absent', 'refresh', 'force'),
      rejected: fc.option(id, { nil: undefined }),
      tags,
      life,
      epoch,
    })
    .map((given) => ({
      say: `acquire ${given.key} ${given.mode} for ${given.token} over ${given.rejected} under ${given.tags.join()} of ${given.epoch}`,
      run: (store: Store, prefix: string) =>
        store.run(acquire, {
          ...given,
          mode: given.mode,
          value: prefix + given.key,
          lease: lease(prefix, given.key),
          life: hour,
          tags: given.tags.map((tag) => tagKey(prefix, tag)),
          versions: given.tags.map((tag) => `${given.epoch}.${tag}`),
          tagLife: given.life,
        }),
    })),
  fc.array(written, { minLength: 1, maxLength: 3 }).map((all) => ({
    say: `write ${all.map((one) => `${one.key} ${one.id} of ${one.version} by ${one.token}`).join(', ')}`,
    run: (store: Store, prefix: string) =>
      store.run(
        write,
        all.map((one) => writing(prefix, one.key, one)),
      ),
  })),
  fc
    .record({
      keys: fc.subarray([...keys], { minLength: 1 }),
      settle,
      what: fc.constantFrom('ours' as const, 'any' as const),
      good: version,
    })
    .map((given) => ({
      say: `remove ${given.what} ${given.keys.join()} settle ${given.settle} version ${given.good}`,
      run: async (store: Store, prefix: string) => {
        const heads = await store.run(remove, {
          pairs: given.keys.map((each) => [prefix + each, lease(prefix, each)] as const),
          settle: given.settle,
          what: given.what,
          version:
            given.good === undefined ?
              undefined
            : {
                good: encodeVersion(given.good),
                floor: BigInt(given.good) > 0n ? encodeVersion(BigInt(given.good) - 1n) : '',
              },
        });
        return heads.map((head) => head?.toString('latin1'));
      },
    })),
  fc.record({ key, token }).map((given) => ({
    say: `renew ${given.key} of ${given.token}`,
    run: (store: Store, prefix: string) =>
      store.run(renew, { lease: lease(prefix, given.key), token: given.token, life: 2 * hour }),
  })),
  fc.record({ key, token, cool: fc.constantFrom(0, hour) }).map((given) => ({
    say: `release ${given.key} of ${given.token} cooling ${given.cool}`,
    run: (store: Store, prefix: string) =>
      store.run(release, { lease: lease(prefix, given.key), token: given.token, cool: given.cool }),
  })),
  fc.record({ tags, life, epoch }).map((given) => ({
    say: `capture ${given.tags.join()} for ${given.life} of ${given.epoch}`,
    run: (store: Store, prefix: string) =>
      store.run(capture, {
        tags: given.tags.map((tag) => tagKey(prefix, tag)),
        versions: given.tags.map((tag) => `${given.epoch}.${tag}'`),
        life: given.life,
        epoch: given.epoch,
      }),
  })),
  fc.record({ tags, settle }).map((given) => ({
    say: `retire ${given.tags.join()} settle ${given.settle}`,
    run: (store: Store, prefix: string) =>
      store.run(retire, { tags: given.tags.map((tag) => tagKey(prefix, tag)), settle: given.settle }),
  })),
  key.map((at) => ({
    say: `a hash under ${at}`,
    run: (store: Store, prefix: string) =>
      store
        .delete([prefix + at])
        .then(() => store.run(structure, { key: prefix + at, command: 'HSET', args: ['f', 'v'] })),
  })),
  fc
    .record({ at: fc.constantFrom(...keys, 'lease:a', 'lease:b', 'tag:t', 'tag:u'), value: junk })
    .map(({ at, value }) => ({
      say: `put ${at} ${String(value)}`,
      run: (store: Store, prefix: string) => store.run(put, { key: prefix + at, value }),
    })),
);

/** What stands under every key, and for how many tens of minutes. */
async function stateOf(store: Store, prefix: string): Promise<unknown[]> {
  const names = [...keys, ...keys.map((each) => `lease:${each}`), ...tagNames.map((tag) => `tag:${tag}`)].map(
    (name) => prefix + name,
  );
  const values = await store.read(names);
  const lives = await Promise.all(names.map((name) => store.expiry(name)));
  return names.map((name, index) => [
    name,
    values[index]?.toString('latin1'),
    lives[index] === undefined ? undefined : Math.round(lives[index] / 600_000),
  ]);
}

let runs = 0;

test('both bodies of every operation answer the same and leave the same behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const local = memoryStore();
      const prefix = `${redis.prefix}:${runs++}:`;
      // One after the other: a script that the server does not know yet is sent twice, and would lose its place.
      const replies = await Promise.all(
        [local, remote].map(async (store) => {
          const all: unknown[] = [];
          for (const { run } of steps) all.push(await run(store, prefix));
          return all;
        }),
      );
      expect(replies[1], steps.map(({ say }) => say).join('\n')).toEqual(replies[0]);
      expect(await stateOf(remote, prefix), steps.map(({ say }) => say).join('\n')).toEqual(
        await stateOf(local, prefix),
      );
    }),
    { numRuns: 1_000 },
  );
}, 60_000);
