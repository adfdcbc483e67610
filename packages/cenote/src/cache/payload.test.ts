import { describe, expect, test } from 'vitest';

import { json, msgpack, resolveCodec, type Codec } from './codec.js';
import { compress, expand, preferredCompression, requireCompression, type Compression } from './compress.js';
import { Payloads, type PayloadOptions } from './payload.js';

const payloads = (more: Partial<PayloadOptions> = {}): Payloads =>
  new Payloads({ codec: json, compress: false, copy: 'freeze', ...more });

/** What a reader gets of a value. */
function roundTrip(value: unknown, made = payloads()): unknown {
  const { encoding, bytes } = made.encode(value);
  return made.decode(encoding, Buffer.from(bytes), 0);
}

const falsy = [0, -0, '', false, null, undefined];

describe('a value', () => {
  test.each([...falsy, 1.5, 'text', '\u{1F30A}', [1, [2]], { a: { b: [] } }, { a: null }])(
    '%o comes back from JSON',
    (value) => {
      expect(roundTrip(value)).toEqual(Object.is(value, -0) ? 0 : value);
    },
  );

  test.each([
    ...falsy.filter((value) => !Object.is(value, -0)),
    new Date(0),
    new Map([['a', { b: 1 }]]),
    new Set([1, '1']),
    new Uint8Array([0, 255]),
    10n,
    NaN,
    { at: new Date(5), list: [new Set(['x'])] },
  ])('%o comes back from msgpack', (value) => {
    expect(roundTrip(value, payloads({ codec: msgpack() }))).toEqual(value);
  });

  test('that refers to itself comes back from msgpack', () => {
    const loop: { name: string; self?: unknown } = { name: 'loop' };
    loop.self = loop;
    const found = roundTrip(loop, payloads({ codec: msgpack() })) as typeof loop;
    expect([found.name, found.self === found, Object.isFrozen(found)]).toEqual(['loop', true, true]);
  });

  test.each([
    [
      'a cycle',
      (): unknown => {
        const loop: { self?: unknown } = {};
        loop.self = loop;
        return loop;
      },
    ],
    ['a BigInt', () => ({ id: 10n })],
    ['a function', () => () => 1],
    ['a symbol', () => Symbol('s')],
  ])('with %s has no form in JSON', (_, make) => {
    expect(() => payloads().encode(make())).toThrow(TypeError);
  });

  test('named __proto__ stays a value', () => {
    const found = roundTrip(JSON.parse('{"__proto__":{"admin":true},"a":1}')) as Record<string, unknown>;
    expect([
      Object.hasOwn(found, '__proto__'),
      (found as { admin?: unknown }).admin,
      Object.getPrototypeOf(found) === Object.prototype,
    ]).toEqual([true, undefined, true]);
  });
});

describe('what readers are handed', () => {
  test.each(['json', 'msgpack'] as const)('is frozen through and through from %s', (name) => {
    const made = payloads({ codec: resolveCodec(name) });
    const value = roundTrip({ a: [{ b: {} }] }, made) as { a: [{ b: object }] };
    expect([value, value.a, value.a[0], value.a[0].b].every(Object.isFrozen)).toBe(true);
  });

  test('is one value for all when nothing in it can be changed', () => {
    const made = payloads();
    const give = made.share(made.encode({ a: [1] }));
    expect(give()).toBe(give());
  });

  test.each([
    ['a Date', () => ({ at: new Date(0) })],
    ['a Map', () => new Map([['a', { b: 1 }]])],
    ['a Set', () => [new Set([1])]],
    ['bytes', () => ({ bytes: new Uint8Array([1]) })],
  ])('is a copy for each when it holds %s', (_, make) => {
    const made = payloads({ codec: msgpack() });
    const give = made.share(made.encode(make()));
    expect(give()).toEqual(make());
    expect(give()).not.toBe(give());
  });

  test('is a copy of their own to change when the cache clones', () => {
    const made = payloads({ copy: 'clone' });
    const give = made.share(made.encode({ list: [1] }));
    (give() as { list: number[] }).list.push(2);
    expect(give()).toEqual({ list: [1] });
  });

  test('does not change with the bytes that it came from', () => {
    const made = payloads({ codec: msgpack() });
    const { encoding, bytes } = made.encode({ bytes: new Uint8Array([1, 2]) });
    const buffer = Buffer.from(bytes);
    const value = made.decode(encoding, buffer, 0);
    buffer.fill(0);
    expect(value).toEqual({ bytes: new Uint8Array([1, 2]) });
  });
});

describe('an encoding', () => {
  test('is named, with its compression', () => {
    const made = payloads({ compress: { over: 100, with: 'deflate' } });
    expect(made.encode('x'.repeat(1_000)).encoding).toBe('json+deflate');
    expect(made.encode('short').encoding).toBe('json');
  });

  test('is plain for what does not shrink', () => {
    const made = payloads({ codec: msgpack(), compress: { over: 10, with: 'deflate' } });
    expect(made.encode(new Uint8Array(Array.from({ length: 64 }, (_, index) => (index * 7_919) % 251))).encoding).toBe(
      'msgpack',
    );
  });

  test('is read by a cache that writes another', () => {
    const written = payloads({ compress: { over: 0, with: 'brotli' } }).encode({ a: 'x'.repeat(99) });
    const reader = payloads({ codec: msgpack() });
    expect(reader.decode(written.encoding, Buffer.from(written.bytes), 0)).toEqual({ a: 'x'.repeat(99) });
  });

  test.each(['toml', 'json+lzma', 'json+__proto__', '__proto__', 'msgpack'])(
    '%s that is not known here throws',
    (encoding) => {
      expect(() => payloads().decode(encoding, Buffer.from('1'), 0)).toThrow(TypeError);
    },
  );

  test('of one’s own is used', () => {
    const shouting: Codec = {
      name: 'shouting',
      encode: (value) => Buffer.from(String(value).toUpperCase()),
      decode: String,
    };
    expect(roundTrip('quiet', payloads({ codec: shouting }))).toBe('QUIET');
  });
});

describe('compression', () => {
  test.each(['deflate', 'brotli', preferredCompression] as const)(
    '%s expands what it compressed, and nothing else',
    (using: Compression) => {
      const bytes = Buffer.from('water '.repeat(500));
      const small = compress(bytes, using);
      expect(small.length).toBeLessThan(bytes.length / 5);
      expect(expand(small, using)).toEqual(bytes);
      expect(() => expand(small.subarray(0, -2), using)).toThrow(Error);
      expect(() => expand(Buffer.from('nonsense'), using)).toThrow(Error);
    },
  );

  test.each(['gzip', '', '__proto__', 'toString', 7])('%o is refused', (name) => {
    expect(() => requireCompression(name)).toThrow(expect.objectContaining({ code: 'USAGE', field: 'compress.with' }));
  });
});
