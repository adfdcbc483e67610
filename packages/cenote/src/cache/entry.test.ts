import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { encodeEntry, encodeVersion, headLength, parseEntry, peekHead, randomId, type EntryHead } from './entry.js';

const word = fc.stringMatching(/^[\w.=%-]{1,20}$/);
const head: fc.Arbitrary<EntryHead> = fc.record({
  id: fc.constant(null).map(() => randomId()),
  freshUntil: fc.oneof(fc.nat({ max: 4_102_444_800_000 }), fc.constant(Infinity)),
  grace: fc.nat(),
  epoch: word,
  version: fc.option(fc.bigInt({ min: 0n, max: 10n ** 30n }).map(encodeVersion), { nil: undefined }),
  encoding: fc.constantFrom('json', 'msgpack', 'json+zstd', 'undefined'),
  cost: fc.nat(),
  tags: fc.oneof(
    fc.constant(''),
    fc
      .array(fc.tuple(word, word), { minLength: 1, maxLength: 3 })
      .map((pairs) => pairs.map(([code, version]) => `${code}=${version}`).join()),
  ),
});
const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const payload = fc.uint8Array({ maxLength: 200 });

/** A head as plain fields: one that was read cuts them out when they are asked for. */
function fields(read: EntryHead | undefined): EntryHead | undefined {
  if (!read) return undefined;
  const { id, freshUntil, grace, epoch, version, encoding, cost, tags } = read;
  return { id, freshUntil, grace, epoch, version, encoding, cost, tags };
}

describe('an entry', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(key, head, payload, (name, given, bytes) => {
        const encoded = encodeEntry(name, given, bytes);
        const parsed = parseEntry(name, encoded);
        if (parsed.kind !== 'entry') throw new Error(parsed.kind);
        expect(fields(parsed.head)).toEqual(given);
        expect(encoded.subarray(parsed.payloadAt)).toEqual(Buffer.from(bytes));
        expect(fields(peekHead(encoded.subarray(0, headLength)))).toEqual(given);
      }),
    );
  });

  test.each([new Uint8Array(0), Buffer.from('1').subarray(1), Buffer.from(new ArrayBuffer(0))])(
    'may hold no bytes at all',
    (nothing) => {
      const given = {
        id: randomId(),
        freshUntil: 1,
        grace: 0,
        epoch: 'e',
        version: undefined,
        encoding: 'undefined',
        cost: 0,
        tags: '',
      };
      expect(nothing.buffer.byteLength).toBeGreaterThanOrEqual(0);
      expect(parseEntry('k', encodeEntry('k', given, nothing))).toMatchObject({ kind: 'entry', head: given });
    },
  );

  test('is never accepted with a flipped bit', () => {
    fc.assert(
      fc.property(key, head, payload, fc.nat(), (name, given, bytes, place) => {
        const encoded = encodeEntry(name, given, bytes);
        const bit = place % (encoded.length * 8);
        encoded[bit >> 3] = (encoded[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(parseEntry(name, encoded).kind).not.toBe('entry');
      }),
      { numRuns: 2_000 },
    );
  });

  test('is never accepted with any one bit flipped', () => {
    const encoded = encodeEntry(
      'user:7',
      {
        id: randomId(),
        freshUntil: 1_900_000_000_000,
        grace: 5,
        epoch: 'abc',
        version: encodeVersion(7),
        encoding: 'json',
        cost: 3,
        tags: 'a=abc.x',
      },
      Buffer.from('{"a":1}'),
    );
    for (let bit = 0; bit < encoded.length * 8; bit++) {
      const damaged = Buffer.from(encoded);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(parseEntry('user:7', damaged).kind, `bit ${bit}`).not.toBe('entry');
    }
  });

  test('is never accepted when it was cut, or when something follows', () => {
    fc.assert(
      fc.property(key, head, payload, fc.nat(), (name, given, bytes, length) => {
        const encoded = encodeEntry(name, given, bytes);
        expect(parseEntry(name, encoded.subarray(0, length % encoded.length)).kind).not.toBe('entry');
        expect(parseEntry(name, Buffer.concat([encoded, Buffer.from('x')])).kind).not.toBe('entry');
      }),
    );
  });

  test('is not accepted under another key', () => {
    fc.assert(
      fc.property(key, key, head, payload, (name, other, given, bytes) => {
        fc.pre(name !== other);
        expect(parseEntry(other, encodeEntry(name, given, bytes)).kind).toBe('damaged');
      }),
    );
  });

  test('of anything at all is read without throwing', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom('', 'cenote/1 ', 'cenote/f ', 'cenote/1 sixteen-letters- 00000000 '),
        (bytes, start) => {
          const any = Buffer.concat([Buffer.from(start), bytes]);
          expect(parseEntry('k', any).kind).not.toBe('entry');
          expect(() => peekHead(any)).not.toThrow();
        },
      ),
    );
  });

  test('that is damaged is named by its id where Lua would read one', () => {
    const id = randomId();
    const encoded = encodeEntry(
      'k',
      { id, freshUntil: 1, grace: 0, epoch: 'e', version: undefined, encoding: 'json', cost: 0, tags: '' },
      Buffer.from('1'),
    );
    expect(parseEntry('k', encoded.subarray(0, -1))).toEqual({ kind: 'damaged', id });
    expect(parseEntry('k', encoded.subarray(0, 40))).toEqual({ kind: 'damaged', id });
    expect(parseEntry('k', Buffer.from('something else'))).toEqual({ kind: 'damaged', id: undefined });
    expect(parseEntry('k', Buffer.from('cenote/f 0210'))).toEqual({ kind: 'floor' });
  });

  test('can be read by people', () => {
    const encoded = encodeEntry(
      'k',
      {
        id: 'AAAAAAAAAAAAAAAA',
        freshUntil: 1_900_000_000_000,
        grace: 0,
        epoch: 'e',
        version: encodeVersion(7),
        encoding: 'json',
        cost: 12.4,
        tags: 't=e.x',
      },
      Buffer.from('{"a":1}'),
    );
    expect(encoded.toString()).toMatch(/^cenote\/1 A{16} [0-9a-f]{8} 1900000000000 0 e 017 json 12 t=e\.x\n\{"a":1\}$/);
  });
});

test('versions compare as texts the way they compare as numbers', () => {
  const version = fc.bigInt({ min: 0n, max: 10n ** 99n - 1n });
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(encodeVersion(a) < encodeVersion(b)).toBe(a < b);
    }),
  );
});

test('ids do not repeat', () => {
  const ids = Array.from({ length: 10_000 }, randomId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[\w-]{16}$/);
});
