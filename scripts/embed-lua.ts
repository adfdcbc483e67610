import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import type { GeneratedFile } from './generated-file.js';

/** One `lua.gen.ts` for every folder of the library that holds Lua scripts: a constant per script, named after its file. */
export function embedLua(root: string): GeneratedFile[] {
  const scripts = libraryFiles(root, '.lua').sort();
  const folders = new Set(scripts.map((script) => dirname(script)));
  return [...folders].map((folder) => {
    const here = scripts.filter((script) => dirname(script) === folder);
    const constants = here.map((script) => embedScript(basename(script), readFileSync(join(root, script), 'utf8')));
    const note = '// Generated from the *.lua files beside it by `npm run generate`: edit those.\n';
    return { path: join(folder, 'lua.gen.ts'), text: [note, ...constants].join('\n') };
  });
}

/** The files below the library's sources whose names end so, as paths from the root of the workspace. */
export function libraryFiles(root: string, ending: string): string[] {
  const source = 'packages/cenote/src';
  const files = readdirSync(join(root, source), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith(ending)).map((file) => join(source, file));
}

/** A script as a TypeScript constant, without the comment lines at its head: the contract need not travel to the server. */
export function embedScript(file: string, lua: string): string {
  const name = basename(file, '.lua').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (!/^[a-z]\w*$/i.test(name))
    throw new Error(`${file}: the name of a script must be kebab-case, since it names a constant`);
  const body = lua.replace(/^(?:--.*\n|\s*\n)*/, '').trimEnd();
  if (body === '') throw new Error(`${file}: there is nothing but comments in it`);
  return `export const ${name} = \`${body.replace(/[\\`]|\$\{/g, '\\$&')}\n\`;\n`;
}
