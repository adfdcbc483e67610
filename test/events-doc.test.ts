import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');
const source = read('packages/cenote/src/core/events.ts');
const document = read('docs/events.md');

/** `Event<'hit'> { … }` of the source, as the name and the fields in their order. */
const events = [...source.matchAll(/extends Event<'([\w-]+)'> \{\n([\s\S]*?)\n\}/g)].map(([, type, body = '']) => ({
  type,
  fields: [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field]) => field),
}));

/** The words of a union of literals, in their order. */
function wordsOf(union: string): string[] {
  const body = new RegExp(`export type ${union} =([\\s\\S]*?);\n\n`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/\| '([\w-]+)'/g)].map(([, word = '']) => word);
}

/** The first column of the table whose head begins so. */
function firstColumn(head: string): string[] {
  const table = document.slice(document.indexOf(head)).split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, word = '']) => word);
}

test('every event has a row with its fields, and no row is left over', () => {
  const union = /export type CacheEvent =([\s\S]*?);/.exec(source)?.[1] ?? '';
  expect(events.length).toBe(union.split('|').length - 1);
  const table = document.slice(document.indexOf('| type')).split('\n\n')[0] ?? '';
  const rows = table
    .split('\n')
    .slice(2)
    .map((row) => row.split(' | '));
  const told = rows.map(([type = '', , fields = '']) => ({
    type: type.replace(/[|`\s]/g, ''),
    fields: [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => field),
  }));
  expect(told).toEqual(events);
});

test('every reason of a miss and of a refusal has a row', () => {
  // Prettier widens the tables, so their heads are found by their first words.
  expect(firstColumn('| `reason` of `miss`').slice(1)).toEqual(wordsOf('MissReason'));
  expect(firstColumn('| `reason` of `refuse`').slice(1)).toEqual(wordsOf('RefuseReason'));
});
