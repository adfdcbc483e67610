import { deepEqual, equal, ok } from 'node:assert/strict';

import type { Body } from './case.js';
import { put } from './example-operations.js';

/** Everything that has ever broken a store's idea of a key. */
const hostileKeys = [
  '',
  ' ',
  '\0',
  'line\nbreak\r\n',
  '*',
  '?',
  '[a-z]',
  '\\',
  '{',
  '}',
  '{tag}',
  '{}',
  '__proto__',
  'constructor',
  'toString',
  'é ü 漢字 🜛',
  '"quoted" \'text\'',
  'a'.repeat(8_192),
];

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

export const reading: Readonly<Record<string, Body>> = {
  async 'an absent key reads as null'({ store, key }) {
    equal(await store.readOne(key('absent')), null);
    deepEqual(await store.read([key('absent'), key('absent too')]), [null, null]);
    equal(await store.expiry(key('absent')), undefined);
  },

  async 'what was written is read, as bytes'({ store, key }) {
    await store.run(put, { key: key('k'), value: 'value' });
    deepEqual(await store.readOne(key('k')), Buffer.from('value'));
  },

  async 'any byte is kept, and an empty value is a value'({ store, key }) {
    await store.run(put, { key: key('binary'), value: everyByte });
    await store.run(put, { key: key('view'), value: new Uint8Array(everyByte.buffer, everyByte.byteOffset + 250, 6) });
    await store.run(put, { key: key('empty'), value: '' });
    deepEqual(await store.read([key('binary'), key('view'), key('empty')]), [
      everyByte,
      everyByte.subarray(250),
      Buffer.alloc(0),
    ]);
  },

  async 'a text is stored as UTF-8'({ store, key }) {
    await store.run(put, { key: key('k'), value: 'é漢🜛' });
    deepEqual(await store.readOne(key('k')), Buffer.from('é漢🜛'));
  },

  async 'a value of 1 MB is kept whole'({ store, key }) {
    const value = Buffer.alloc(1_048_576, everyByte);
    await store.run(put, { key: key('big'), value }, { deadline: 5_000 });
    ok(value.equals((await store.readOne(key('big'), { deadline: 5_000 })) ?? Buffer.alloc(0)));
  },

  async 'hostile keys are keys like any other, and none is another'({ store, key }) {
    for (const name of hostileKeys) await store.run(put, { key: key(name), value: `of ${name}` });
    const values = await store.read(hostileKeys.map(key));
    deepEqual(
      values.map(String),
      hostileKeys.map((name) => `of ${name}`),
    );
    equal(await store.delete(hostileKeys.map(key)), hostileKeys.length);
  },

  async 'a batch is aligned with its keys, repeated ones included'({ store, key }) {
    await store.run(put, { key: key('a'), value: '1' });
    await store.run(put, { key: key('b'), value: '2' });
    const values = await store.read([key('b'), key('absent'), key('a'), key('b')]);
    deepEqual(
      values.map((value) => value?.toString()),
      ['2', undefined, '1', '2'],
    );
    deepEqual(await store.read([]), []);
  },

  async 'a batch of 1,000 keys is answered whole'({ store, key }) {
    const keys = Array.from({ length: 1_000 }, (_, i) => key(`k${i}`));
    await Promise.all(keys.map((each, i) => store.run(put, { key: each, value: String(i) })));
    deepEqual(
      (await store.read(keys)).map(Number),
      keys.map((_, i) => i),
    );
  },

  async 'changing what was read changes nothing stored'({ store, key }) {
    await store.run(put, { key: key('k'), value: 'untouched' });
    (await store.readOne(key('k')))?.fill(0);
    (await store.read([key('k')]))[0]?.fill(0);
    equal(String(await store.readOne(key('k'))), 'untouched');
  },

  async 'changing what was written, once that has ended, changes nothing stored'({ store, key }) {
    const value = Buffer.from('untouched');
    await store.run(put, { key: key('k'), value });
    value.fill(0);
    equal(String(await store.readOne(key('k'))), 'untouched');
  },

  async 'calls take effect in the order in which they were made'({ store, key }) {
    const writes = Array.from({ length: 50 }, (_, i) => store.run(put, { key: key('k'), value: String(i) }));
    equal(String(await store.readOne(key('k'))), '49');
    await Promise.all(writes);
  },

  async 'delete tells how many keys were there'({ store, key }) {
    await store.run(put, { key: key('a'), value: '1' });
    await store.run(put, { key: key('b'), value: '' });
    equal(await store.delete([key('a'), key('b'), key('absent'), key('a')]), 2);
    equal(await store.delete([key('a')]), 0);
    equal(await store.delete([]), 0);
    equal(await store.readOne(key('a')), null);
  },

  async 'partition keeps every key, in groups that are not empty'({ store, key }) {
    const keys = Array.from({ length: 20 }, (_, i) => key(`{${i}}`));
    const groups = store.partition(keys);
    deepEqual(groups.flat().sort(), [...keys].sort());
    ok(groups.every((group) => group.length > 0));
    deepEqual(store.partition([]), []);
  },
};
