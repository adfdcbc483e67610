import { expect, test } from 'vitest';

import { forkProgram } from './servers/program.js';

interface Result {
  readonly bench: string;
  readonly tables: readonly {
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (string | number)[])[];
  }[];
}

/** One short round of benchmarks that need no more than Redis: whether they run and count right, not how fast. */
async function smoke(...names: readonly string[]): Promise<Result[]> {
  const child = forkProgram(new URL('../bench/main.ts', import.meta.url), { args: [...names, '--smoke'] });
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Result[]));
    child.once('exit', (code) => reject(new Error(`the benchmarks ended with ${String(code)}`)));
  });
}

function byFirstCell(tables: Result['tables']): Map<string | number, readonly (string | number)[]> {
  return new Map(tables.flatMap(({ rows }) => rows.map((row): [string | number, typeof row] => [row[0] ?? '', row])));
}

test('the benchmarks run, and count what they should', { timeout: 120_000 }, async () => {
  const names = ['hits', 'commands', 'cold-key', 'fills'];
  const results = new Map((await smoke(...names)).map(({ bench, tables }) => [bench, byFirstCell(tables)]));
  expect([...results.keys()]).toEqual(names);
  expect([...(results.get('hits')?.keys() ?? [])]).toEqual(['raw', 'cenote']);
  const commands = results.get('commands');
  const sent = (verb: string): unknown => commands?.get(verb)?.[1];
  expect(['get, hit', 'wrap, hit', 'wrap, hit, 2 tags', 'getMany of 10', 'set', 'del'].map(sent)).toEqual([
    1, 1, 1, 1, 1, 1,
  ]);
  expect(['wrap, miss and fill', 'wrap, miss and fill, 2 tags'].map(sent)).toEqual([3, 3]);
  // A machine that stands still for longer than a lease lives makes it more at times.
  expect(results.get('cold-key')?.get('cenote')?.[1]).toBe(1);
});

test('what tracking costs is counted', { timeout: 120_000 }, async () => {
  const [memory, ...traffic] = (await smoke('tracking'))[0]?.tables ?? [];
  const modes = ['off', 'default', 'broadcast', 'default, table full'];
  const names = modes.map((mode) => `2 × ${mode}`);
  expect([...byFirstCell([memory!]).keys()]).toEqual(names);
  // Two processes that have read 500 keys each.
  expect(memory?.rows.slice(0, 3).map((row) => row.slice(3))).toEqual([
    [0, 0],
    [500, 1_000],
    [0, 0],
  ]);
  expect(memory?.rows[3]?.[3]).toBeLessThanOrEqual(250);
  expect(traffic).toHaveLength(3);
  for (const table of traffic) {
    const rows = byFirstCell([table]);
    const column = (title: string): unknown[] => names.map((name) => rows.get(name)?.[table.columns.indexOf(title)]);
    const [off, ...on] = column('near hits %') as number[];
    expect(off).toBe(0);
    expect(Math.min(...on)).toBeGreaterThan(0);
    for (const cost of ['server CPU µs', 'bytes out', 'bytes in', 'process CPU µs'])
      expect(Math.min(...(column(cost) as number[]))).toBeGreaterThan(0);
    expect(table.rows[0]?.filter((_, index) => table.columns[index] === '× off')).toEqual([1, 1, 1]);
  }
});

test('a new message costs a room one command, however many views it has', { timeout: 120_000 }, async () => {
  const [bytes, ...beside] = (await smoke('rooms'))[0]?.tables ?? [];
  expect(bytes?.rows).toHaveLength(2);
  expect(beside).toHaveLength(2);
  for (const table of beside) {
    const commandsOf = table.rows.map((row) => [row[0], row[2], row[5]]);
    expect(commandsOf).toEqual([
      ['new message, 1 view', 4, 1],
      ['new message, 8 views', 25, 1],
      ['new message, 32 views', 97, 1],
      ['read of a view', 1, 1],
      ['50 views stored at once', 100, 4],
    ]);
  }
});
