import { describe, expect, test } from 'vitest';

import { encodeEntry, type EntryHead } from './entry.js';
import { judge, type Judgement, type Scene } from './judge.js';
import { Names } from './key.js';

const names = new Names('P');
const id = 'AAAAAAAAAAAAAAAA';
const head: EntryHead = {
  id,
  freshUntil: 1_000,
  grace: 500,
  epoch: 'e',
  version: undefined,
  encoding: 'json',
  cost: 0,
  tags: '',
};
const entry = (more: Partial<EntryHead> = {}): Buffer => encodeEntry('P:k', { ...head, ...more }, Buffer.from('1'));
const tag = (code: string) => ({ code, key: names.tag(code) });

/** Versions that the store told, of the tags that were asked for. */
function judged(
  bytes: Buffer | null,
  { asked = {}, ...more }: Partial<Omit<Scene, 'asked'>> & { asked?: Record<string, string | undefined> } = {},
): Judgement {
  const known = Object.entries(asked).flatMap(([code, version]) =>
    version === undefined ? [] : [[tag(code).key, version] as const],
  );
  return judge('P:k', bytes, {
    names,
    now: 0,
    epoch: 'e',
    trust: false,
    tags: [],
    ...more,
    versions: new Map(known),
    asked: new Set(Object.keys(asked).map((code) => tag(code).key)),
  });
}

describe('time', () => {
  test.each([
    [999, 'fresh'],
    [1_000, 'stale'],
    [1_499, 'stale'],
    [1_500, 'gone'],
  ])('at %i it is %s', (now, state) => expect(judged(entry(), { now }).state).toBe(state));

  test('an entry without expiry is always fresh', () =>
    expect(judged(entry({ freshUntil: Infinity }), { now: Number.MAX_SAFE_INTEGER }).state).toBe('fresh'));
  test('without grace it is gone at once', () =>
    expect(judged(entry({ grace: 0 }), { now: 1_000 })).toMatchObject({ reason: 'expired', rejected: id }));
});

describe('what is no entry', () => {
  test.each([
    ['nothing', null, { reason: 'absent' }],
    ['a floor', Buffer.from('cenote/f 0210'), { reason: 'absent' }],
    ['something else', Buffer.from('something else'), { reason: 'damaged', rejected: undefined }],
    ['a cut entry', entry().subarray(0, -1), { reason: 'damaged', rejected: id }],
  ])('%s is gone', (_, bytes, gone) => expect(judged(bytes)).toEqual({ state: 'gone', ...gone }));
});

describe('epoch', () => {
  test('a foreign one is gone, and named', () =>
    expect(judged(entry(), { epoch: 'f' })).toEqual({ state: 'gone', reason: 'epoch', rejected: id }));
  test('a foreign one may be trusted', () => expect(judged(entry(), { epoch: 'f', trust: true }).state).toBe('fresh'));
  test('nothing is good while the epoch is not known', () =>
    expect(judged(entry(), { epoch: '' })).toMatchObject({ reason: 'epoch' }));
});

describe('tags', () => {
  const tagged = entry({ tags: 'a=e.1,b=e.2' });
  const dead = { state: 'gone', reason: 'tag', rejected: id, tags: [tag('a'), tag('b')] };

  test.each([
    ['both named and unchanged', [tag('a'), tag('b')], { a: 'e.1', b: 'e.2' }, 'fresh'],
    ['none named, both asked for and unchanged', [], { a: 'e.1', b: 'e.2' }, 'fresh'],
    ['one named, the other asked for', [tag('b')], { a: 'e.1', b: 'e.2' }, 'fresh'],
  ])('%s: good', (_, tags, asked, state) => expect(judged(tagged, { tags, asked }).state).toBe(state));

  test.each([
    ['changed', [tag('a'), tag('b')], { a: 'e.1', b: 'e.3' }],
    ['missing', [tag('a'), tag('b')], { a: 'e.1', b: undefined }],
    ['settling', [tag('a'), tag('b')], { a: 'e.1', b: 'hold' }],
    ['swapped', [tag('a'), tag('b')], { a: 'e.2', b: 'e.1' }],
    ['lacked by the entry', [tag('a'), tag('b'), tag('c')], { a: 'e.1', b: 'e.2', c: 'e.3' }],
    ['changed, and not named', [], { a: 'e.0', b: 'e.2' }],
    ['known to be changed, while the other was not asked for', [tag('a')], { a: 'e.0' }],
  ])('%s: dead', (_, tags, asked) => expect(judged(tagged, { tags, asked })).toEqual(dead));

  test('what only the entry knew is to be asked for', () => {
    expect(judged(tagged)).toEqual({ state: 'unsure', tags: [tag('a'), tag('b')] });
    expect(judged(tagged, { tags: [tag('a')], asked: { a: 'e.1' } })).toEqual({ state: 'unsure', tags: [tag('b')] });
  });

  test('an untagged entry is not good for a caller that names a tag', () => {
    expect(judged(entry(), { tags: [tag('a')], asked: { a: undefined } })).toMatchObject({ reason: 'tag' });
  });

  test('a name that holds separators cannot pass for another', () => {
    const odd = tag(encodeURIComponent('a=e.1,b'));
    expect(judged(entry({ tags: `${odd.code}=e.2` }), { tags: [tag('a')], asked: { a: 'e.1' } })).toMatchObject({
      reason: 'tag',
    });
  });
});
