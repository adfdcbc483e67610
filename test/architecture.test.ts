import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { importsOf, violations } from './architecture.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every source file of the workspace but tests and what they share, which may import anything. */
function sources(): Map<string, string> {
  const files = ['packages/cenote/src', 'apps/server/src', 'test', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  const source = files.filter((file) => file.endsWith('.ts') && !/\.(?:test|test-d|suite|fixture)\.ts$/.test(file));
  return new Map(source.map((file) => [file.split(sep).join('/'), readFileSync(join(root, file), 'utf8')]));
}

test('the workspace keeps its import directions', () => {
  expect(violations(sources())).toEqual([]);
});

describe('the check itself', () => {
  const library = (path: string, source: string, others: Record<string, string> = {}): string[] =>
    violations(new Map(Object.entries({ [`packages/cenote/src/${path}`]: source, ...others })));
  const empty = (...paths: string[]): Record<string, string> => Object.fromEntries(paths.map((path) => [path, '']));

  test.each([
    ['core/a.ts', "import { B } from '../store/b.js';", 'packages/cenote/src/store/b.ts'],
    ['store/a.ts', "import type { B } from '../cache/b.js';", 'packages/cenote/src/cache/b.ts'],
    ['observe/a.ts', "export * from '../cache/b.js';", 'packages/cenote/src/cache/b.ts'],
    ['fastify/a.ts', "import { B } from '../cache/b.js';", 'packages/cenote/src/cache/b.ts'],
    ['tasks/a.ts', "const b = await import('../store/b.js');", 'packages/cenote/src/store/b.ts'],
    ['testing/a.ts', "import '../index.js';", 'packages/cenote/src/index.ts'],
    ['fresh/a.ts', "import '../core/b.js';", 'packages/cenote/src/core/b.ts'],
    ['domains/rooms/a.ts', "import '../sessions/b.js';", 'packages/cenote/src/domains/sessions/b.ts'],
    ['domains/kit/a.ts', "import '../sessions/b.js';", 'packages/cenote/src/domains/sessions/b.ts'],
    ['domains/rooms/a.ts', "import '../../index.js';", 'packages/cenote/src/index.ts'],
    ['core/a.ts', "import '../../../../apps/server/src/b.js';", 'apps/server/src/b.ts'],
  ])('%s: %s is refused', (path, source, target) => {
    expect(library(path, source, empty(target))).toHaveLength(1);
  });

  test.each([
    ['cache/a.ts', "import { B } from '../store/b.js';", 'packages/cenote/src/store/b.ts'],
    ['store/redis/a.ts', "import { B } from '../b.js';", 'packages/cenote/src/store/b.ts'],
    ['fastify/a.ts', "import { B } from '../index.js';", 'packages/cenote/src/index.ts'],
    ['console/a.ts', "import { B } from '../observe/index.js';", 'packages/cenote/src/observe/index.ts'],
    ['index.ts', "export { B } from './cache/b.js';", 'packages/cenote/src/cache/b.ts'],
    ['domains/rooms/a.ts', "import '../kit/b.js';", 'packages/cenote/src/domains/kit/b.ts'],
    ['domains/rooms/a.ts', "import './b.js';", 'packages/cenote/src/domains/rooms/b.ts'],
    ['domains/kit/a.ts', "import '../../cache/b.js';", 'packages/cenote/src/cache/b.ts'],
  ])('%s: %s is allowed', (path, source, target) => {
    expect(library(path, source, empty(target))).toEqual([]);
  });

  test.each([
    ['modules/rooms/a.ts', "import { b } from '../festival/b.js';", 'apps/server/src/modules/festival/b.ts'],
    ['modules/rooms/a.ts', "import { app } from '../../app.js';", 'apps/server/src/app.ts'],
    [
      'modules/rooms/a.ts',
      "import { Cache } from '../../../../../packages/cenote/src/index.js';",
      'packages/cenote/src/index.ts',
    ],
    ['modules/rooms/a.ts', "import pg from 'pg';", 'apps/server/src/app.ts'],
    ['modules/rooms/a.ts', "import { Cache, connect } from 'cenote';", 'apps/server/src/app.ts'],
    ['db/a.ts', "import { b } from '../modules/rooms/b.js';", 'apps/server/src/modules/rooms/b.ts'],
  ])('server %s: %s is refused', (path, source, target) => {
    expect(violations(new Map(Object.entries({ [`apps/server/src/${path}`]: source, ...empty(target) })))).toHaveLength(
      1,
    );
  });

  test('a module may use its own files, db and the doors of the library', () => {
    const source = "import { Cache } from 'cenote';\nimport { db } from '../../db/b.js';\nimport { c } from './c.js';";
    const others = empty('apps/server/src/db/b.ts', 'apps/server/src/modules/rooms/c.ts');
    expect(violations(new Map(Object.entries({ 'apps/server/src/modules/rooms/a.ts': source, ...others })))).toEqual(
      [],
    );
  });

  test('a cycle is found, type imports included', () => {
    const a = "import type { B } from './b.js';";
    const b = "import {\n  type C,\n} from './c.js';";
    const c = "import { a } from './a.js';";
    const [cycle] = library('core/a.ts', a, { 'packages/cenote/src/core/b.ts': b, 'packages/cenote/src/core/c.ts': c });
    expect(cycle?.match(/[abc]\.ts/g)).toEqual(['a.ts', 'b.ts', 'c.ts', 'a.ts']);
  });

  test.each(['core/utils.ts', 'core/helpers/a.ts', 'cache/key-utils.ts', 'store/types.ts', 'cache/manager.ts'])(
    '%s says nothing',
    (path) => expect(library(path, '')).toHaveLength(1),
  );

  test('an import in a comment is none', () => {
    expect(
      importsOf("/** import { a } from './a.js' */\n// import './b.js'\nimport { c } from './c.js';"),
    ).toHaveLength(1);
  });
});
