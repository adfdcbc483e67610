import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Pending } from './pending.js';
import type { Tag } from './tags.js';

const tag = (code: string): Tag => ({ code, key: `tag:{${code}}` });

test('invalidations of one key merge: the longest settle, the highest version, and none over any', () => {
  const pending = new Pending();
  pending.addKey({ stored: 'k', settle: 5, version: 7 });
  pending.addKey({ stored: 'k', settle: 3, version: 9n });
  expect(pending.keys()).toEqual([{ stored: 'k', settle: 5, version: 9n }]);
  pending.addKey({ stored: 'k', settle: 0, version: undefined });
  pending.addKey({ stored: 'k', settle: 0, version: 100 });
  expect(pending.keys()).toEqual([{ stored: 'k', settle: 5, version: undefined }]);
  expect(pending.size).toBe(1);
});

test('invalidations of one tag merge', () => {
  const pending = new Pending();
  pending.addTag({ tag: tag('t'), settle: 5 });
  pending.addTag({ tag: tag('t'), settle: 3 });
  expect(pending.tags()).toEqual([{ tag: tag('t'), settle: 5 }]);
  expect([pending.coversTags([tag('u'), tag('t')]), pending.coversTags([tag('u')])]).toEqual([true, false]);
});

test('a pattern covers the keys that it means', () => {
  const pending = new Pending();
  pending.addPattern('user:*');
  expect([pending.coversKey('user:7', 'P:user:7'), pending.coversKey('room:7', 'P:room:7')]).toEqual([true, false]);
});

test('what was asked for again while it was sent is kept', () => {
  const pending = new Pending();
  const again = { stored: 'k', settle: 0, version: undefined };
  pending.addKey(again);
  pending.addTag({ tag: tag('t'), settle: 0 });
  pending.addPattern('user:*');
  const sent = { keys: pending.keys(), tags: pending.tags(), patterns: pending.patterns() };
  pending.addKey(again);
  pending.addTag({ tag: tag('t'), settle: 0 });
  pending.addPattern('user:*');
  const settleAll = ({ keys, tags, patterns }: typeof sent): void => {
    pending.settleKeys(keys);
    pending.settleTags(tags);
    for (const pattern of patterns) pending.settlePattern(pattern);
  };
  settleAll(sent);
  expect(pending.size).toBe(3);
  settleAll({ keys: pending.keys(), tags: pending.tags(), patterns: pending.patterns() });
  expect([pending.size, pending.coversKey('user:7', 'k')]).toEqual([0, false]);
});

test('too many become one that means everything, and stay so until it is replayed', () => {
  const pending = new Pending(3);
  const add = (index: number): void => {
    pending.addKey({ stored: `k${index}`, settle: 0, version: undefined });
    pending.addTag({ tag: tag(`t${index}`), settle: 0 });
    pending.addPattern(`p${index}`);
  };
  for (let index = 0; index < 100; index++) add(index);
  expect([pending.size, pending.everything, pending.coversKey('any', 'any')]).toEqual([1, true, true]);
  const [sent] = pending.patterns();
  add(100);
  pending.settlePattern(sent as NonNullable<typeof sent>);
  expect([pending.size, pending.everything]).toEqual([1, true]);
  for (const pattern of pending.patterns()) pending.settlePattern(pattern);
  expect([pending.size, pending.everything, pending.coversKey('any', 'any')]).toEqual([0, false, false]);
});

test('whatever is added is covered until it is settled, in bounds', () => {
  const stored = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('key', 'tag', 'pattern'), stored), { maxLength: 40 }), (all) => {
      const pending = new Pending(4);
      for (const [what, name] of all) {
        if (what === 'key') pending.addKey({ stored: name, settle: 0, version: undefined });
        else if (what === 'tag') pending.addTag({ tag: tag(name), settle: 0 });
        else pending.addPattern(name);
        expect(pending.size).toBeLessThanOrEqual(4);
      }
      for (const [what, name] of all) {
        const isCovered =
          what === 'tag' ? pending.everything || pending.coversTags([tag(name)]) : pending.coversKey(name, name);
        expect(isCovered).toBe(true);
      }
    }),
  );
});
