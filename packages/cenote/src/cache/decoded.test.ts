import { describe, expect, test } from 'vitest';

import { memoryStore } from '../store/memory/memory-store.js';
import { Cache } from './cache.js';
import { json } from './codec.js';
import { Decoded } from './decoded.js';
import { Payloads } from './payload.js';

const megabyte = 1024 * 1024;

/** As a reader does that finds nothing, twice. */
function readTwice(decoded: Decoded, id: string, value: object, bytes: number): void {
  decoded.add(id, value, bytes);
  decoded.add(id, value, bytes);
}

describe('decoded values', () => {
  test('are found again by the id of their entry, once it was read twice', () => {
    const decoded = new Decoded();
    const value = { a: 1 };
    decoded.add('one', value, 10);
    expect(decoded.get('one', 10)).toBeUndefined();
    decoded.add('one', value, 10);
    expect(decoded.get('one', 10)).toBe(value);
    expect(decoded.get('other', 10)).toBeUndefined();
  });

  test('of what is read once are not kept', () => {
    const decoded = new Decoded();
    for (let round = 0; round < 3; round++)
      for (let index = 0; index < 20_000; index++) decoded.add(`id ${index}`, {}, 1);
    let kept = 0;
    for (let index = 0; index < 20_000; index++) kept += Number(decoded.get(`id ${index}`, 1) !== undefined);
    expect(kept).toBeLessThan(200);
  });

  test('take room for 8 MB of entries at most, and those in use stay', () => {
    const decoded = new Decoded();
    const size = 100 * 1024;
    readTwice(decoded, 'used', {}, size);
    let kept = 0;
    for (let index = 0; index < 1_000; index++) {
      readTwice(decoded, `n${index}`, {}, size);
      expect(decoded.get('used', size)).toBeDefined();
    }
    for (let index = 0; index < 1_000; index++) kept += Number(decoded.get(`n${index}`, 0) !== undefined);
    expect(kept * size).toBeLessThanOrEqual(8 * megabyte);
    expect(kept).toBeGreaterThan(0);
  });

  test('of an entry that is larger than the rest together are not kept', () => {
    const decoded = new Decoded();
    readTwice(decoded, 'large', {}, megabyte);
    expect(decoded.get('large', megabyte)).toBeUndefined();
  });
});

describe('payloads', () => {
  const bytes = Buffer.from('{"list":[{"a":1}]}');

  test('are decoded once for each entry, and frozen', () => {
    const payloads = new Payloads({ codec: json, compress: false, copy: 'freeze', remember: true });
    payloads.read('id', 'json', bytes, 0);
    const first = payloads.read('id', 'json', bytes, 0) as { list: object[] };
    expect(payloads.read('id', 'json', bytes, 0)).toBe(first);
    expect(Object.isFrozen(first.list[0])).toBe(true);
    expect(payloads.read('id2', 'json', Buffer.from('{"list":[]}'), 0)).toEqual({ list: [] });
  });

  test.each([
    { copy: 'clone', remember: true },
    { copy: 'freeze', remember: false },
  ] as const)('are decoded for each reader with %o', (options) => {
    const payloads = new Payloads({ codec: json, compress: false, ...options });
    payloads.read('id', 'json', bytes, 0);
    expect(payloads.read('id', 'json', bytes, 0)).not.toBe(payloads.read('id', 'json', bytes, 0));
  });
});

test('a cache without a memory tier serves what the store holds now, whatever it decoded before', async () => {
  const store = memoryStore();
  const [one, other] = [new Cache({ store, near: false }), new Cache({ store, near: false })];
  for (let row = 0; row < 3; row++) {
    await other.set('k', { row });
    for (let read = 0; read < 2; read++) expect(await one.get('k')).toEqual({ row });
    expect(await one.get('k')).toBe(await one.get('k'));
  }
  await other.del('k');
  expect(await one.get('k')).toBeUndefined();
});
