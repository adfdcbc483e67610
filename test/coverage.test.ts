import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

const page = fileURLToPath(new URL('../docs/coverage.md', import.meta.url));
const rows = [...readFileSync(page, 'utf8').matchAll(/^\| (R\d+\.\d+) .*$/gm)].map(([row, id = '']) => {
  const [, , , code = '', shown = '', state = ''] = row.split('|').map((cell) => cell.trim());
  return { id, code, shown, state };
});

/** How many requirements each of the five back ends has: R0.1 to R0.11, R1.1 to R1.10, … */
const requirements = [11, 10, 12, 13, 11];
const ids = requirements.flatMap((count, part) => Array.from({ length: count }, (_, index) => `R${part}.${index + 1}`));

test('every requirement has its row, in order, and no row is left over', () => {
  expect(rows.map(({ id }) => id)).toEqual(ids);
});

test('a row that is done names a test and code that exist; every row has a state', () => {
  const targetsOf = (cell: string): string[] => [...cell.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
  for (const { id, code, shown, state } of rows) {
    expect(state, id).toMatch(/^(done|later|open|the )/);
    if (!state.startsWith('done')) continue;
    expect(targetsOf(code), id).not.toEqual([]);
    expect(targetsOf(shown), id).not.toEqual([]);
    for (const target of targetsOf(shown)) expect(target, id).toMatch(/\.(suite|test|test-d)\.ts$/);
  }
  const all = rows.flatMap(({ code, shown }) => targetsOf(code).concat(targetsOf(shown)));
  expect(all.filter((target) => !existsSync(join(dirname(page), target)))).toEqual([]);
});
