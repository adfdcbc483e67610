import { deepEqual, equal, ok } from 'node:assert/strict';

import type { Store, Watch, WatchOptions } from '../../store/store.js';
import type { Bench, Body } from './case.js';
import { count, forget, put, swap } from './example-operations.js';
import { structure, type StructureCall } from './structure-operations.js';

interface Watching {
  readonly told: string[];
  readonly watch: Watch;
}

const modes = ['default', 'broadcast'] as const satisfies readonly WatchOptions['mode'][];

/** A watch that is alive. What a case lets be told of must have been read before. */
async function begin({ store, key, wait }: Bench, mode: WatchOptions['mode']): Promise<Watching> {
  const told: string[] = [];
  const listener = { changed: (changed: string) => void told.push(changed), lost: () => void told.push('lost') };
  const watch = store.watch?.(listener, { every: 20, mode, start: key('') }) as Watch;
  for (let waits = 0; watch.aliveAt === -Infinity; waits++) {
    ok(waits < 200, 'a watch on a store that is there comes alive');
    await wait(10);
  }
  told.length = 0;
  return { told, watch };
}

/** Whether a read that begins when a change is acknowledged is answered only after the change has been told. */
async function tells(
  bench: Bench,
  mode: WatchOptions['mode'],
  change: (key: string) => Promise<unknown>,
): Promise<void> {
  const { store, other, key } = bench;
  await other.run(put, { key: key('k'), value: '1', lifetime: 60_000 });
  const { told, watch } = await begin(bench, mode);
  equal(String(await store.readOne(key('k'))), '1');
  told.length = 0;
  await change(key('k'));
  await store.readOne(key('k'));
  ok(told.includes(key('k')), `${mode}: ${JSON.stringify(told)}`);
  watch.stop();
}

/** The case in each mode, where the store can watch. */
function inEachMode(body: (bench: Bench, mode: WatchOptions['mode']) => Promise<void>): Body {
  return async (bench) => {
    if (!bench.store.watch) return;
    for (const mode of modes) {
      const { store, other } = bench;
      await body(bench, mode);
      await Promise.all([store, other].map((each) => each.delete([bench.key('k')])));
    }
  };
}

export const watching: Readonly<Record<string, Body>> = {
  'a watcher is told of a write by another before a later read is answered': inEachMode((bench, mode) =>
    tells(bench, mode, (key) => bench.other.run(put, { key, value: '2' })),
  ),

  'a watcher is told of its own write': inEachMode((bench, mode) =>
    tells(bench, mode, (key) => bench.store.run(put, { key, value: '2' })),
  ),

  'a watcher is told of what operations change and remove': inEachMode(async (bench, mode) => {
    await tells(bench, mode, (key) => bench.other.run(swap, { key, expected: '1', value: '2' }));
    await tells(bench, mode, (key) => bench.other.run(count, key));
    await tells(bench, mode, (key) => bench.other.run(forget, key));
  }),

  'a watcher is told of what changes within a structure': inEachMode(async (bench, mode) => {
    const { store, other, key } = bench;
    const change = (call: Omit<StructureCall, 'key'>, on: Store = other): Promise<unknown> =>
      on.run(structure, { key: key('k'), ...call });
    for (const [add, remove, look] of [
      [{ command: 'HSET', args: ['a', '1'] }, { command: 'HDEL', args: ['a'] }, { command: 'HLEN' }],
      [{ command: 'ZADD', args: ['1', 'a'] }, { command: 'ZREM', args: ['a'] }, { command: 'ZCARD' }],
    ] as const) {
      const { told, watch } = await begin(bench, mode);
      for (const call of [add, remove]) {
        await change(look, store);
        told.length = 0;
        await change(call);
        await store.readOne(key('other'));
        ok(told.includes(key('k')), `${mode}: ${call.command}`);
      }
      watch.stop();
    }
  }),

  'a watcher is told of what is deleted': inEachMode((bench, mode) =>
    tells(bench, mode, (key) => bench.other.delete([key])),
  ),

  'a watcher is told of what expires, once it is read at the latest': inEachMode((bench, mode) =>
    tells(bench, mode, async (key) => {
      await bench.other.run(put, { key, value: '2', lifetime: 30 });
      equal(String(await bench.store.readOne(key)), '2');
      await bench.wait(60);
      equal(await bench.store.readOne(key), null);
    }),
  ),

  'a watcher is told of what was read within an operation': inEachMode(async (bench, mode) => {
    const { store, other, key } = bench;
    await other.run(put, { key: key('k'), value: '1' });
    const { told, watch } = await begin(bench, mode);
    equal(await store.run(swap, { key: key('k'), expected: 'x', value: 'y' }), 'differs');
    await other.delete([key('k')]);
    await store.readOne(key('k'));
    ok(told.includes(key('k')));
    watch.stop();
  }),

  'the moment of life goes on with time, and lies in the past': inEachMode(async (bench, mode) => {
    const { watch } = await begin(bench, mode);
    const before = watch.aliveAt;
    await bench.wait(150);
    ok(watch.aliveAt === Infinity || watch.aliveAt > before);
    watch.stop();
  }),

  'a watch that was stopped tells nothing more': inEachMode(async (bench, mode) => {
    const { store, other, key } = bench;
    const { told, watch } = await begin(bench, mode);
    await store.readOne(key('k'));
    watch.stop();
    watch.stop();
    await other.run(put, { key: key('k'), value: '2' });
    await store.readOne(key('k'));
    deepEqual(told, []);
  }),

  async 'a store that is closed has lost its feed'(bench) {
    if (!bench.store.watch) return;
    const { told } = await begin(bench, 'default');
    await bench.store.close();
    ok(told.includes('lost'));
  },
};
