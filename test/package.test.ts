/**
 * What a user gets: packs the library, installs the tarball in an empty project and runs the README's first `ts` block
 * there. The block is a whole program (ESM, top-level await) that imports only `cenote` and Node's own modules, needs no
 * server, and ends by itself; what it prints, line by line, is what its `// → …` comments say.
 */
import { execFile, type ExecFileException } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { beforeAll, expect, test } from 'vitest';

import { temporaryFolder } from './servers/workspace.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');
let project: string;
let packed: readonly string[];

beforeAll(async () => {
  project = await temporaryFolder('project');
  await run('node', [tsc, '-b', 'packages/cenote'], root);
  const { stdout } = await run(
    'npm',
    ['pack', './packages/cenote', '--pack-destination', project, '--json', '--silent'],
    root,
  );
  const [tarball] = packList(stdout);
  packed = tarball.files.map((file) => file.path);
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  await run(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', join(project, tarball.filename)],
    project,
  );
}, 180_000);

test('the tarball holds the built library, its readme and its licence', () => {
  expect(packed).toEqual(expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'README.md', 'LICENSE']));
  expect(
    packed.filter((file) => !/^(?:dist\/.*\.(?:js|d\.ts)(?:\.map)?|README\.md|LICENSE|package\.json)$/.test(file)),
  ).toEqual([]);
  expect(packed.filter((file) => /\.test[.-]/.test(file))).toEqual([]);
});

test('the example of the readme prints what it says', async () => {
  const example = await readmeExample();
  await writeFile(join(project, 'example.ts'), example);
  const { stdout, stderr } = await run('node', ['--import', import.meta.resolve('tsx'), 'example.ts']);
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n').filter(Boolean)).toEqual(
    [...example.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line?.trim()),
  );
});

test('the example compiles against the types that are shipped', async () => {
  await writeFile(join(project, 'example.ts'), await readmeExample());
  await symlink(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'));
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
  ];
  const { stdout } = await run('node', [tsc, ...options, 'example.ts']);
  expect(stdout).toBe('');
});

test('CommonJS requires it', async () => {
  await writeFile(
    join(project, 'example.cjs'),
    `const { Cache } = require('cenote');
     const cache = new Cache();
     cache.wrap('answer', () => 42).then((answer) => { console.log(answer); return cache.close(); });`,
  );
  const { stdout } = await run('node', ['example.cjs']);
  expect(stdout).toBe('42\n');
});

async function readmeExample(): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const example = /^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1];
  if (example === undefined) throw new Error('README.md has no ```ts block');
  return example;
}

/** `npm pack --json` prints a list, or since npm 12 an object by package. */
function packList(json: string): [{ filename: string; files: { path: string }[] }] {
  const report = JSON.parse(json) as object;
  return Object.values(report) as [{ filename: string; files: { path: string }[] }];
}

/** Runs a program as its user would, from the project; its whole output is in the error when it fails. */
async function run(file: string, args: readonly string[], cwd = project): Promise<{ stdout: string; stderr: string }> {
  // Without what npm and Vitest tell their own children: a user's shell does not have it.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:npm_(?!config_)|VITEST|NODE_ENV|NODE_OPTIONS)/.test(name)),
  );
  try {
    return await promisify(execFile)(file, args, { cwd, env });
  } catch (error) {
    const { message, stdout, stderr } = error as ExecFileException;
    throw new Error(`${message}\n${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
}
