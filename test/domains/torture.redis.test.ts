import { describe, expect, test } from 'vitest';

import { domainNames } from './all.js';
import { runTorture } from './run.js';

/** A short one of each; the long run is `npm run torture:domains`. */
describe('under fire', () => {
  test.each(domainNames)(
    '%s: nothing is lost, doubled, or goes backwards',
    async (domain) => {
      const { findings } = await runTorture({ domain, processes: 3, operations: 900, restarts: 2, seed: 7 });
      expect(findings).toEqual([]);
    },
    60_000,
  );
});
