import fc from 'fast-check';
import { expect, test } from 'vitest';

import { decodeRecord, encodeRecord } from './record.js';

test('an object comes back as it was given, its own dates as dates', () => {
  const value = fc.oneof(fc.jsonValue(), fc.date());
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), (given) => {
      const back = decodeRecord<object>(encodeRecord(given));
      expect(Object.keys(back!)).toEqual(Object.keys(given));
      for (const [name, item] of Object.entries(given)) {
        const got = (back as Record<string, unknown>)[name];
        if (item instanceof Date)
          expect([got instanceof Date, (got as Date).getTime()]).toEqual([true, item.getTime()]);
        else expect(JSON.stringify(got)).toBe(JSON.stringify(item));
      }
    }),
  );
});

test('epoch milliseconds and ISO texts stay what they are', () => {
  const record = { a: 1_900_000_000_000, b: '2030-01-01T00:00:00.000Z', c: { d: new Date(0) } };
  expect(decodeRecord(encodeRecord(record))).toEqual({ ...record, c: { d: '1970-01-01T00:00:00.000Z' } });
  expect(encodeRecord({ at: new Date(5), id: 'x' })).toBe('["at"]\n{"at":5,"id":"x"}');
  expect(encodeRecord({ id: 'x' })).toBe('{"id":"x"}');
});

test('what is decoded is frozen, and new each time', () => {
  const stored = encodeRecord({ at: new Date(5), tags: ['a'] });
  const [one, two] = [decodeRecord<{ at: Date; tags: string[] }>(stored), decodeRecord<{ at: Date }>(stored)];
  expect(Object.isFrozen(one) && Object.isFrozen(one?.tags)).toBe(true);
  one?.at.setTime(0);
  expect(two?.at.getTime()).toBe(5);
});

test.each(['', '{', '[]', '["at"]', '["at"]\n', '["at"\n{}', 'null', '5', '"text"', '[1]\n[2]'])(
  '%j is no record',
  (stored) => {
    expect(decodeRecord(stored)).toBeUndefined();
    expect(decodeRecord(Buffer.from(stored))).toBeUndefined();
  },
);

test('nothing is no record', () => {
  expect([decodeRecord(null), decodeRecord(undefined)]).toEqual([undefined, undefined]);
});

test('what JSON cannot hold is an error', () => {
  const cycle: { self?: object } = {};
  cycle.self = cycle;
  for (const bad of [cycle, { n: 1n }])
    expect(() => encodeRecord(bad)).toThrow(expect.objectContaining({ code: 'CODEC' }) as Error);
});
