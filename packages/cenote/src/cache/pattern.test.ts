import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../core/errors.js';
import { globMatcher } from '../core/glob.js';
import { Names } from './key.js';
import { glob, keyPattern } from './pattern.js';

const app = new Names('app');

const unit = fc.constantFrom(
  'a',
  'b',
  ':',
  '{',
  '}',
  '%',
  '25',
  '7B',
  '-',
  ']',
  '[',
  '^',
  '\\',
  '*',
  '?',
  'é',
  '😀',
  '[a-c]',
  '[^a]',
  '[{%]',
  '[a-]]',
  '{a}',
  '\\{',
);
const text = fc.array(unit, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
/** Patterns and keys that are likely to meet: a pattern is a key with some of its characters replaced. */
const meeting = text.chain((key) =>
  fc
    .array(fc.constantFrom('keep', 'keep', 'keep', '*', '?', 'escape', '[^a]', 'class'), {
      minLength: key.length,
      maxLength: key.length,
    })
    .map((how) => ({ key, pattern: Array.from(key, (character, index) => meet(character, how[index])).join('') })),
);

function meet(character: string, how = 'keep'): string {
  if (how === 'keep') return character;
  if (how === 'escape') return `\\${character}`;
  return how === 'class' ? `[x\\${character}]` : how;
}

function stored(raw: string): string | undefined {
  try {
    return app.stored(raw);
  } catch {
    return undefined;
  }
}

describe('a pattern', () => {
  test('means raw keys: exactly those that the glob matches, with their leases, and the scans find them all', () => {
    fc.assert(
      fc.property(fc.oneof(meeting, fc.record({ key: text, pattern: text })), ({ key, pattern }) => {
        const name = stored(key);
        if (name === undefined) return;
        const meant = globMatcher(pattern)(key);
        const compiled = keyPattern(app, pattern);
        expect(compiled.isMeant(key)).toBe(meant);
        expect(compiled.matches(name)).toBe(meant);
        expect(compiled.matchesLease(app.lease(name))).toBe(meant);
        if (!meant) return;
        expect(globMatcher(compiled.values)(name)).toBe(true);
        expect(globMatcher(compiled.leases)(app.lease(name))).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test('asks the store for little more than it means', () => {
    expect(keyPattern(app, 'user:123:*').values).toBe('app:user:123:*');
    expect(keyPattern(app, 'user:123:*').leases).toBe('app:lease:*');
    expect(keyPattern(app, 'a?{5}[xy]z').values).toBe('app:a*5*');
    expect(keyPattern(app, '*-'.repeat(4_000)).values).toBe(`app:${'*-'.repeat(7)}*`);
    expect(keyPattern(app, '100%\\*').values).toBe('app:100%*\\*');
    expect(keyPattern(new Names(), '*').values).toBe('*');
  });

  test('finds keys whose braces are stored encoded', () => {
    const odd = app.stored('odd}{key');
    expect(keyPattern(app, 'odd}{*').matches(odd)).toBe(true);
    expect(keyPattern(app, 'odd??key').matches(odd)).toBe(true);
    expect(keyPattern(app, 'odd[}%][{]key').matches(odd)).toBe(true);
    expect(keyPattern(app, 'odd%7D*').matches(odd)).toBe(false);
  });

  test('reaches neither outside the prefix nor internal names', () => {
    const names = [
      'other:a',
      'app',
      'apps:a',
      'a',
      'app:cache:stats',
      app.tag('a'),
      app.lease('app:a'),
      app.lease('app:{a}'),
    ];
    for (const pattern of ['*', '?*', '[^x]*', 'app*', '../*', 'cache:stats', 'lease:*', 'tag:{a}', '\\*', '*:a']) {
      expect(names.filter((name) => keyPattern(app, pattern).matches(name))).toEqual([]);
    }
    expect(keyPattern(app, '*').matchesLease(app.lease('other:a'))).toBe(false);
    expect(keyPattern(app, '*').matchesLease('app:a')).toBe(false);
  });

  test('is refused when it is no pattern', () => {
    for (const pattern of ['', undefined, 7, '\ud800', '*'.repeat(8193)])
      expect(() => keyPattern(app, pattern as string)).toThrow(/^pattern must/);
  });

  test('counts bytes as Redis does', () => {
    expect(keyPattern(app, 'se?or').matches(app.stored('señor'))).toBe(false);
    expect(keyPattern(app, 'se*or').matches(app.stored('señor'))).toBe(true);
  });
});

describe('glob', () => {
  test('puts values in as themselves', () => {
    expect(glob`user:${7}:*`).toBe('user:7:*');
    expect(glob`${'a*b?[c]\\'}:${true}:${9n}`).toBe('a\\*b\\?\\[c\\]\\\\:true:9');
    expect(glob`a\*b`).toBe('a\\*b');
    expect(glob`user:${'u-1^2'}`).toBe('user:u-1^2');
  });

  test('a value matches itself and nothing else, whatever it holds', () => {
    fc.assert(
      fc.property(text, text, (value, other) => {
        const matches = globMatcher(glob`user:${value}:*`);
        expect(matches(`user:${value}:x`)).toBe(true);
        expect(matches(`user:${other}:x`)).toBe(`${other}:x`.startsWith(`${value}:`));
      }),
      { numRuns: 2_000 },
    );
  });

  test('no value stands inside a class', () => {
    for (const make of [
      () => glob`[${'a'}]`,
      () => glob`[a-${'z'}]`,
      () => glob`[^${'a'}`,
      () => glob`x[a-]${'b'}]`,
      () => glob`[\]${1}`,
    ])
      expect(make).toThrow(/cannot stand inside/);
    expect(glob`[ab]${'*'}[^-a]${1}\[${2}`).toBe('[ab]\\*[^-a]1\\[2');
  });

  test('refuses what is no value', () => {
    for (const value of [undefined, null, Number.NaN, Infinity, {}, ['*'], '\ud800']) {
      expect(() => glob`a:${value as string}`).toThrow(/^glob value 1 must be/);
      expect(() => glob`a:${value as string}`).toThrow(UsageError);
    }
  });
});
