import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

const everywhere = ['packages/*/src', 'apps/*/src', 'test', 'scripts'];
const files = (suffix: string): string[] => everywhere.map((folder) => `${folder}/**/*${suffix}`);

// Tests run from source: `cenote` resolves to packages/cenote/src, so nothing is built first.
const conditions = ['@cenote/source', 'module', 'node', 'development|production'];
const fromSource = { resolve: { conditions }, ssr: { resolve: { conditions } } };

/** Needs servers and faults: a process per file, so that none sees another's connections. */
const forked = { pool: 'forks', testTimeout: 30_000, hookTimeout: 60_000 } as const;

export default defineConfig({
  test: {
    // Vitest's own default leaves a core to itself; these tests wait for servers more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        ...fromSource,
        test: {
          name: 'embedded',
          include: files('.test.ts'),
          exclude: ['**/*.{redis,pg}.test.ts', 'test/{type-tests,package}.test.ts', '**/node_modules/**'],
          pool: 'threads',
          isolate: false,
        },
      },
      {
        ...fromSource,
        test: {
          ...forked,
          name: 'redis',
          include: files('.redis.test.ts'),
          globalSetup: 'test/servers/redis.setup.ts',
        },
      },
      {
        ...fromSource,
        test: {
          ...forked,
          name: 'servers',
          include: files('.pg.test.ts'),
          globalSetup: 'test/servers/servers.setup.ts',
        },
      },
      { test: { ...forked, name: 'types', include: ['test/type-tests.test.ts'], testTimeout: 120_000 } },
      { test: { ...forked, name: 'package', include: ['test/package.test.ts'], testTimeout: 180_000 } },
    ],
    coverage: { include: ['packages/*/src/**', 'apps/*/src/**'], exclude: ['**/*.test.ts', '**/*.test-d.ts'] },
  },
});
