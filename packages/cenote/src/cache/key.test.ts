import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../core/errors.js';
import { hashSlot, hashTagOf } from '../core/slot.js';
import { Names } from './key.js';

const bare = new Names();
const app = new Names('app');

/** Texts full of what the encoding is about. */
const thorny = fc
  .array(
    fc.oneof(
      fc.constantFrom('{', '}', '%', '25', '7B', '7D', '7b', ':', '*', '\n', 'é', '😀', 'lease:', 'tag:'),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''))
  .filter((key) => key !== '');

/** The stored form of a key that is not reserved, for properties of those that are not. */
function nameOf(names: Names, raw: string): string {
  fc.pre(!/^(?:lease:\{|lease::|tag:\{)/.test(raw));
  return names.stored(raw);
}

describe('stored keys', () => {
  test('ordinary keys are kept as they are, behind the prefix', () => {
    expect(app.stored('user:7')).toBe('app:user:7');
    expect(bare.stored('user:7')).toBe('user:7');
    expect(bare.stored('50% off, %41, %7b')).toBe('50% off, %41, %7b');
    expect(bare.stored('line\nbreak\u0000')).toBe('line\nbreak\u0000');
    expect(bare.stored('__proto__')).toBe('__proto__');
  });

  test('one hash tag stays, all other braces are encoded', () => {
    expect(app.stored('room:{5}:log')).toBe('app:room:{5}:log');
    for (const [raw, stored] of [
      ['{}', '%7B%7D'],
      ['a{b', 'a%7Bb'],
      ['a}b{', 'a%7Db%7B'],
      ['{a}{b}', '%7Ba%7D%7Bb%7D'],
      ['{{a}}', '%7B%7Ba%7D%7D'],
      ['%7B', '%257B'],
      ['%25', '%2525'],
      ['{%7D}', '{%257D}'],
    ] as const) {
      expect(bare.stored(raw)).toBe(stored);
    }
  });

  test('each stored key reads back as its raw key, so no two raw keys share one', () => {
    fc.assert(
      fc.property(thorny, (raw) => {
        for (const names of [bare, app]) expect(names.raw(nameOf(names, raw))).toBe(raw);
      }),
      { numRuns: 2_000 },
    );
  });

  test('the hash tag that Redis sees is the one that was meant, and no other brace is left', () => {
    fc.assert(
      fc.property(thorny, (raw) => {
        const name = nameOf(app, raw);
        const meant = /^[^{}]*\{([^{}]+)\}[^{}]*$/.exec(raw)?.[1];
        expect(hashTagOf(name)).toBe(meant?.replaceAll(/%(?=25|7B|7D)/g, '%25'));
        expect(name.replace(/[^{}]/g, '')).toBe(meant === undefined ? '' : '{}');
      }),
      { numRuns: 2_000 },
    );
  });

  test('keys with the same tag share a slot', () => {
    expect(hashSlot(app.stored('a:{%25}'))).toBe(hashSlot(app.stored('{%25}:b')));
  });

  test('what cannot be a key is refused, naming field, value and rule', () => {
    for (const key of ['', undefined, null, 7, {}, [], Symbol('key')]) {
      expect(() => app.stored(key as string)).toThrow(/^key must be a non-empty text, got /);
    }
    for (const key of ['\ud800', 'a\udc00b', '\udc00\ud800'])
      expect(() => app.stored(key)).toThrow(/key must be well-formed text/);
    expect(app.stored('😀')).toBe('app:😀');
  });

  test('a stored key takes at most 8 KiB of UTF-8', () => {
    expect(bare.stored('x'.repeat(8192))).toHaveLength(8192);
    for (const key of ['x'.repeat(8193), 'é'.repeat(4097), '{'.repeat(2731), 'x'.repeat(2 ** 20)]) {
      expect(() => bare.stored(key)).toThrow(/key must take at most 8192 bytes/);
    }
    expect(bare.stored('é'.repeat(4096))).toHaveLength(4096);
    expect(() => app.stored('x'.repeat(8189))).toThrow(UsageError);
  });

  test('keys that would be internal names are refused, ordinary ones like them are not', () => {
    for (const key of ['lease:{a}', 'lease::a', 'lease::{a}', 'tag:{a}', 'cache:stats'])
      expect(() => app.stored(key)).toThrow(/reserved/);
    for (const key of ['tag:5', 'lease:7', 'lease:a:{5}', 'tags:{5}', 'cache:stats:1', 'tag:{}', 'Lease:{5}'])
      expect(app.raw(app.stored(key))).toBe(key);
  });
});

describe('internal names', () => {
  test('leases, tags and statistics have the documented forms', () => {
    expect(app.lease(app.stored('user:7'))).toBe('app:lease:{app:user:7}');
    expect(app.lease(app.stored('room:{5}:log'))).toBe('app:lease::app:room:{5}:log');
    expect(app.tag('user:7')).toBe('app:tag:{user:7}');
    expect(app.tag('a{b}%7B')).toBe('app:tag:{a%7Bb%7D%257B}');
    expect(app.stats).toBe('app:cache:stats');
    expect(bare.lease('user:7')).toBe('lease:{user:7}');
    expect(bare.stats).toBe('cache:stats');
  });

  test('a lease lives in the slot of its key, and names it', () => {
    fc.assert(
      fc.property(thorny, (raw) => {
        for (const names of [bare, app]) {
          const key = nameOf(names, raw);
          expect(hashSlot(names.lease(key))).toBe(hashSlot(key));
          expect(names.keyOfLease(names.lease(key))).toBe(key);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('what is no lease has no key', () => {
    for (const name of [
      'app:lease:x',
      'app:lease:',
      'app:lease:{x',
      'app:lease::x',
      'app:lease:{{x}}',
      'lease:{x}',
      'app:user:7',
    ]) {
      expect(app.keyOfLease(name)).toBeUndefined();
    }
  });

  test('no two tags share a name, and no tag is the name of a key', () => {
    fc.assert(
      fc.property(thorny, thorny, (one, other) => {
        expect(app.tag(one) === app.tag(other)).toBe(one === other);
        expect(app.raw(app.tag(one))).toBeUndefined();
        expect(hashTagOf(app.tag(one))).toBe(app.tag(one).slice('app:tag:{'.length, -1));
      }),
    );
    expect(() => app.tag('')).toThrow(/tag must be a non-empty text/);
  });

  test('names outside the prefix, and internal ones, have no raw key', () => {
    for (const name of [
      'other:user:7',
      'app',
      'app:',
      'application:x',
      'app:cache:stats',
      'app:tag:{x}',
      'app:lease:{app:x}',
      'app:lease::app:{x}',
    ]) {
      expect(app.raw(name)).toBeUndefined();
    }
  });
});

test('a prefix is a plain word', () => {
  for (const prefix of [
    '',
    'a{b',
    'a*',
    'a?',
    '[a]',
    'a\\b',
    'a b',
    'a\nb',
    'a\u0085',
    '\ud800',
    'x'.repeat(257),
    'lease',
    'app:tag',
    'app:cache:',
  ]) {
    expect(() => new Names(prefix)).toThrow(/^prefix must/);
  }
  expect(() => new Names(7 as unknown as string)).toThrow(UsageError);
  expect(new Names('guelaguetza:prod-1').stored('x')).toBe('guelaguetza:prod-1:x');
});
