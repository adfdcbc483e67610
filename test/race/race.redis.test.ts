import { expect, test } from 'vitest';

import { faults } from './kinds.js';
import { breaches, isProof, race, type RaceOptions } from './race.js';
import { describe } from './report.js';

// Long runs: `npm run race -- --help`.

test.each<[string, Pick<RaceOptions, 'episodes' | 'processes' | 'faults' | 'near'>]>([
  ['in one process with two caches', { episodes: 192, processes: 1, faults: [] }],
  ['across three processes', { episodes: 144, processes: 3, faults: [] }],
  [
    'while entries are damaged, writes refused, connections cut and Redis restarted',
    { episodes: 48, processes: 2, faults },
  ],
  ['with memory in front of three processes', { episodes: 72, processes: 3, faults: [], near: true }],
  ['with memory in front while connections are cut', { episodes: 48, processes: 2, faults: ['cuts'], near: true }],
])(
  'races leave nothing stale %s',
  async (_, options) => {
    const report = await race({ ...options, seed: 1, kind: 'all', most: 8_000 });
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
});
