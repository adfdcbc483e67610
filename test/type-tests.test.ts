/**
 * Runs the type tests, `*.test-d.ts`: files that need only compile. `// @ts-expect-error` above a line says that it must
 * not, and the compiler reports one that does.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test-d.ts') && !file.includes('node_modules'))
    .map((file) => join(folder, file)),
);

describe('type tests', () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.types.json', '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  const diagnostics = (stdout + stderr).split('\n').filter((line) => /error TS\d+/.test(line));
  const isAbout = (file: string) => (line: string) => line.replaceAll('\\', '/').startsWith(`${file}(`);

  test.each(files)('%s', (file) => {
    expect(diagnostics.filter(isAbout(file))).toEqual([]);
  });

  test('what they import compiles', () => {
    expect(diagnostics.filter((line) => !files.some((file) => isAbout(file)(line)))).toEqual([]);
  });
});
