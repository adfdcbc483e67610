import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../core/errors.js';
import { Names } from './key.js';
import { groupTag, parseTemplate, type Param } from './template.js';

function keyOf(template: string, params: Record<string, unknown>, revision?: number): string {
  return parseTemplate(template, revision).key(params as Record<string, Param>);
}

const value: fc.Arbitrary<Param> = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        ':',
        '-',
        '.',
        '_',
        '~',
        '/',
        '|',
        '{',
        '}',
        '*',
        '%',
        '@',
        '=',
        ' ',
        '\n',
        '\u0000',
        'a',
        'B',
        '1',
        '2',
        '2D',
        '3A',
        'é',
        '😀',
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join('')),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt(),
  fc.boolean(),
);

interface Group {
  template: string;
  name: string | undefined;
  value: Param;
}

function identity({ template, name, value: given }: Group): string {
  return JSON.stringify([template, name, name && String(given)]);
}

describe('keys of a template', () => {
  test('plain parameters stand as they are', () => {
    expect(keyOf('user:profile:{userId}', { userId: 7 })).toBe('user:profile:7');
    expect(keyOf('user:profile:{userId}', { userId: '7' })).toBe('user:profile:7');
    expect(keyOf('user:{a}:{b}:{c}', { a: 1n, b: true, c: -1.5 })).toBe('user:1:true:-1.5');
    expect(keyOf('user:{id}', { id: '550e8400-e29b-41d4-a716-446655440000' })).toBe(
      'user:550e8400-e29b-41d4-a716-446655440000',
    );
    expect(keyOf('user:{id}', { id: '' })).toBe('user:');
    expect(keyOf('leaderboard', {})).toBe('leaderboard');
    expect(parseTemplate('leaderboard').key(undefined)).toBe('leaderboard');
  });

  test('a doubled placeholder is the hash tag', () => {
    expect(keyOf('room:{{roomId}}:messages', { roomId: 5 })).toBe('room:{5}:messages');
    expect(keyOf('{{room}}:{user}', { room: 'a}b', user: '{x}' })).toBe('{a%7Db}:%7Bx%7D');
    expect(parseTemplate('room:{{roomId}}').hashTag).toBe('roomId');
    expect(() => keyOf('room:{{roomId}}', { roomId: '' })).toThrow(
      /^params\.roomId must not be empty: it is the key's hash tag/,
    );
  });

  test('a revision from 2 on ends the key', () => {
    expect(keyOf('user:{id}', { id: 7 }, 1)).toBe('user:7');
    expect(keyOf('user:{id}', { id: 7 }, 2)).toBe('user:7@2');
    expect(keyOf('user:{id}', { id: '7@2' }, 1)).toBe('user:7%402');
    for (const revision of [0, -1, 1.5, Number.NaN, '2', null])
      expect(() => keyOf('a', {}, revision as number)).toThrow(/^revision must be a whole number from 1/);
  });

  test('whatever could be read as something else is percent-encoded in values', () => {
    expect(keyOf('u:{id}', { id: 'a:b/c|d*e?f[g]h\\i{j}k%l@m n\no\u0000p,q=r' })).toBe(
      'u:a%3Ab%2Fc%7Cd%2Ae%3Ff%5Bg%5Dh%5Ci%7Bj%7Dk%25l%40m%20n%0Ao%00p%2Cq%3Dr',
    );
    expect(keyOf('u:{id}', { id: 'é😀' })).toBe('u:%C3%A9%F0%9F%98%80');
    expect(keyOf('u:{id}', { id: 1e21 })).toBe('u:1e%2B21');
  });

  test('the characters next to a placeholder are encoded in its value', () => {
    expect(keyOf('{a}-{b}', { a: 'x-y', b: 'z' })).toBe('x%2Dy-z');
    expect(keyOf('{a}-{b}', { a: 'x', b: 'y-z' })).toBe('x-y%2Dz');
    expect(keyOf('user-{id}', { id: '1-posts' })).toBe('user-1%2Dposts');
    expect(keyOf('v.{id}_x', { id: 'a.b_c-d' })).toBe('v.a%2Eb%5Fc-d_x');
  });

  test('a key is neither a glob nor a header break, and can be stored as it is', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const key = keyOf('t:{a}:{b}', { a, b });
        expect(key).toMatch(/^t:[A-Za-z0-9._~%-]*:[A-Za-z0-9._~%-]*$/);
        expect(new Names().raw(new Names().stored(key))).toBe(key);
      }),
    );
  });

  test('different parameters never give the same key', () => {
    const templates = [
      '{a}:{b}',
      '{a}-{b}',
      '{a}.{b}.x',
      'x_{a}_{b}',
      '{a}~{b}',
      '{a}{{b}}',
      '{{a}}{b}',
      'p{a}/{b}z',
      '{a}é{b}',
      '{a}->{b}',
      '{a}--{b}',
    ];
    const slot = fc.record({ a: value, b: value });
    fc.assert(
      fc.property(fc.constantFrom(...templates), slot, slot, (template, one, other) => {
        fc.pre(!/\{\{/.test(template) || ![one, other].some(({ a, b }) => a === '' || b === ''));
        const same = String(one.a) === String(other.a) && String(one.b) === String(other.b);
        expect(keyOf(template, one) === keyOf(template, other)).toBe(same);
      }),
      { numRuns: 5_000 },
    );
    // Neighbours in the space of values, where ambiguity would show first.
    const words = ['', 'x', '-', 'x-', '-x', '--', 'x-y', '%2D', '2D', ':', ':x', 'x:'];
    for (const template of templates.filter((each) => !each.includes('{{'))) {
      const keys = words.flatMap((a) => words.map((b) => keyOf(template, { a, b })));
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  test('missing and unknown parameters are refused by name; inherited ones do not count', () => {
    const template = 'a:{x}:{y}';
    for (const [params, message] of [
      [{ x: 1 }, /^params\.y must be given: it is a placeholder of 'a:\{x\}:\{y\}'/],
      [{}, /^params\.x must be given/],
      [undefined, /^params must be an object with x, y/],
      [null, /^params must be an object/],
      ['xy', /^params must be an object/],
      [{ x: 1, y: 2, z: 3 }, /^params\.z is not a placeholder/],
      [Object.create({ x: 1, y: 2 }), /^params\.x must be given/],
      [Object.assign(Object.create({ z: 1 }) as object, { x: 1, y: 2 }), /inherited properties is not a placeholder/],
      [JSON.parse('{"x":1,"y":2,"__proto__":3}'), /^params\.__proto__ is not a placeholder/],
    ] as const) {
      expect(() => keyOf(template, params as Record<string, unknown>)).toThrow(message);
      expect(() => keyOf(template, params as Record<string, unknown>)).toThrow(UsageError);
    }
    expect(() => keyOf('a:{constructor}', {})).toThrow(/^params\.constructor must be given/);
    expect(() => keyOf('leaderboard', { x: 1 })).toThrow(
      /^params\.x is not a placeholder of 'leaderboard', which has none/,
    );
  });

  test('values that cannot be in a key are refused by name', () => {
    for (const bad of [
      undefined,
      null,
      Number.NaN,
      Infinity,
      -Infinity,
      {},
      [],
      [7],
      new Date(0),
      Symbol('x'),
      () => 1,
    ]) {
      expect(() => keyOf('a:{x}', { x: bad })).toThrow(
        /^params\.x must be a text, a finite number, a bigint or a boolean/,
      );
    }
    expect(() => keyOf('a:{x}', { x: 'a\ud800' })).toThrow(/^params\.x must be well-formed text/);
    expect(() => keyOf('a:{x}', { x: ':'.repeat(2 ** 20) })).toThrow(/^params\.x must take at most/);
  });
});

describe('a template is refused', () => {
  test.each([
    ['', /template must be a non-empty text/],
    [undefined, /template must be a non-empty text/],
    ['\ud800', /well-formed/],
    ['a:{}', /identifiers/],
    ['a:{{}}', /identifiers/],
    ['a:{ x }', /identifiers/],
    ['a:{1}', /identifiers/],
    ['a:{x.y}', /identifiers/],
    ['a:{x', /balanced braces/],
    ['a:x}', /balanced braces/],
    ['a:{x}}', /balanced braces/],
    ['a:{{x}', /balanced braces/],
    ['a:{{{x}}}', /balanced braces/],
    ['a:{{x}:{y}}', /balanced braces/],
    ['a:{x}:{x}', /'x' stands twice/],
    ['a:{x}:{{x}}', /'x' stands twice/],
    ['{{x}}:{{y}}', /at most one hash tag/],
    ['{__proto__}', /reserved/],
    ['{all}', /reserved/],
    ['a:*', /glob characters/],
    ['a:?', /glob characters/],
    ['a:[b]', /glob characters/],
    ['a\\b', /glob characters/],
    ['a%b', /glob characters/],
    ['a@2', /glob characters/],
    ['a b', /blanks/],
    ['a\nb', /control/],
    ['{x}{y}', /separator after each placeholder/],
    ['{x}a{y}', /separator after each placeholder/],
    ['{x}0{y}', /separator after each placeholder/],
  ])('%j', (template, message) => {
    expect(() => parseTemplate(template as string)).toThrow(message);
    expect(() => parseTemplate(template as string)).toThrow(UsageError);
  });
});

describe('tags of groups', () => {
  test('name the keyspace, and the parameter with its value', () => {
    expect(groupTag('slots:{expId}:{day}')).toBe('group:slots:{expId}:{day}');
    expect(groupTag('slots:{expId}:{day}', 'expId', 3)).toBe('group:slots:{expId}:{day}?expId=3');
    expect(groupTag('s:{id}', 'id', 'a?b=c&d')).toBe('group:s:{id}?id=a%3Fb%3Dc%26d');
  });

  test('differ whenever keyspace, parameter or value do', () => {
    const group = fc.record({
      template: fc.constantFrom('a:{x}', 'a:{x}:{y}', 'a:{y}', 'a'),
      name: fc.constantFrom(undefined, 'x', 'y'),
      value,
    });
    fc.assert(
      fc.property(group, group, (one, other) => {
        const tags = [one, other].map(({ template, name, value: given }) => groupTag(template, name, given));
        expect(tags[0] === tags[1]).toBe(identity(one) === identity(other));
      }),
    );
  });

  test('refuse what is no parameter', () => {
    expect(() => groupTag('a:{x}', 'x', null)).toThrow(/^group\.x must be a text/);
  });
});
