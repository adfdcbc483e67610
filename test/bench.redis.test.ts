import { expect, test } from 'vitest';

import { forkProgram } from './servers/program.js';

interface Result {
  readonly bench: string;
  readonly tables: readonly {
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (string | number)[])[];
  }[];
}

/** One short round of each benchmark that needs no more than Redis: whether they run and count right, not how fast. */
async function smoke(): Promise<Map<string, Map<string | number, readonly (string | number)[]>>> {
  const names = ['hits', 'commands', 'cold-key', 'fills'];
  const child = forkProgram(new URL('../bench/main.ts', import.meta.url), { args: [...names, '--smoke'] });
  const results = await new Promise<Result[]>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Result[]));
    child.once('exit', (code) => reject(new Error(`the benchmarks ended with ${String(code)}`)));
  });
  return new Map(
    results.map(({ bench, tables }) => [
      bench,
      new Map(tables.flatMap(({ rows }) => rows.map((row): [string | number, typeof row] => [row[0] ?? '', row]))),
    ]),
  );
}

test('the benchmarks run, and count what they should', { timeout: 120_000 }, async () => {
  const results = await smoke();
  expect([...results.keys()]).toEqual(['hits', 'commands', 'cold-key', 'fills']);
  expect([...(results.get('hits')?.keys() ?? [])]).toEqual(['raw', 'cenote']);
  const commands = results.get('commands');
  const sent = (verb: string): unknown => commands?.get(verb)?.[1];
  expect(['get, hit', 'wrap, hit', 'wrap, hit, 2 tags', 'getMany of 10', 'set', 'del'].map(sent)).toEqual([
    1, 1, 1, 1, 1, 1,
  ]);
  expect(['wrap, miss and fill', 'wrap, miss and fill, 2 tags'].map(sent)).toEqual([3, 3]);
  expect(results.get('cold-key')?.get('cenote')?.slice(1)).toEqual([1, 1]);
});
