/** The examples of the guides: the first `ts` block of each that says by `// → …` what it prints is a whole program that prints it. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { temporaryFolder } from './servers/workspace.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'docs/guides');
const examples = readdirSync(folder).flatMap((guide): { guide: string; example: string }[] => {
  const example = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(join(folder, guide), 'utf8'))?.[1];
  return example?.includes('// → ') ? [{ guide, example }] : [];
});

test('there are such guides', () => {
  expect(examples.map(({ guide }) => guide)).toContain('rooms.md');
});

test.each(examples)('the example of $guide prints what it says', { timeout: 60_000 }, async ({ example }) => {
  const project = await temporaryFolder('guide');
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  // On one line each, as the comments are.
  const oneLine = `import { inspect } from 'node:util';\ninspect.defaultOptions.breakLength = Infinity;\ninspect.defaultOptions.compact = 9;\n`;
  await writeFile(join(project, 'example.ts'), oneLine + example);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@cenote/source', '--import', import.meta.resolve('tsx'), 'example.ts'],
    { cwd: project },
  );
  expect(stdout.trim().split('\n')).toEqual([...example.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line?.trim()));
});
