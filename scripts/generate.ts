/**
 * Writes every generated file: `npm run generate`. With `--check` it writes nothing and fails when one differs from what
 * it would write.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { embedLua, libraryFiles } from './embed-lua.js';
import { errorsDoc } from './errors-doc.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = [...embedLua(root), ...errorsDoc()];
const orphans = libraryFiles(root, '/lua.gen.ts').filter((path) => files.every((file) => file.path !== path));
const stale = files.filter(({ path, text }) => read(path) !== text);

if (process.argv.includes('--check')) {
  for (const { path } of stale)
    console.error(`${path} differs from its source: run \`npm run generate\` and commit the result.`);
  for (const path of orphans)
    console.error(`${path} has no source any more: run \`npm run generate\` and commit the result.`);
  if (stale.length + orphans.length > 0) process.exitCode = 1;
} else {
  for (const { path, text } of stale) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
  for (const path of orphans) {
    rmSync(join(root, path));
    console.log(`removed ${path}`);
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}
