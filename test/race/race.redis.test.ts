import { expect, test } from 'vitest';

import { faults } from './kinds.js';
import { breaches, isProof, type RaceOptions } from './outcome.js';
import { race } from './race.js';
import { describe } from './report.js';

// Long runs: `npm run race -- --help`. The mutants that these would catch: `mutants.redis.test.ts`.

test.each<[string, Pick<RaceOptions, 'episodes' | 'processes' | 'faults' | 'near'>]>([
  ['in one process with two caches', { episodes: 60, processes: 1, faults: [] }],
  ['across three processes with memory in front', { episodes: 60, processes: 3, faults: [], near: true }],
  ['under all faults', { episodes: 60, processes: 2, faults }],
  ['under all faults with memory in front', { episodes: 60, processes: 3, faults, near: true }],
])(
  'races leave nothing stale %s',
  async (_, options) => {
    const report = await race({ ...options, seed: 1, kind: 'all', most: 6_000 });
    expect(isProof(report), describe(report)).toBe(true);
  },
  90_000,
);

test('a run that found nothing because it could not is no proof', async () => {
  const report = await race({ episodes: 24, processes: 1, seed: 1, kind: 'keys', faults: [] });
  expect(breaches(report)).toBe(0);
  expect(isProof({ ...report, finalHits: 0 })).toBe(false);
  expect(isProof({ ...report, finalMisses: 1 })).toBe(false);
  expect(isProof({ ...report, errors: 1 })).toBe(false);
  expect(isProof({ ...report, options: { ...report.options, near: true } })).toBe(false);
});
