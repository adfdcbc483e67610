import { expect, test } from 'vitest';

import { hunt, tableOf } from './hunt.js';

// All of them, with a table: `npm run race:mutants`. These are caught soonest, one for each sort of safeguard.

test.each([
  'fill-without-lease',
  'join-without-asking',
  'tags-captured-late',
  'kept-not-bypassed',
  'epoch-ignored',
  'near-without-ticket',
  'near-keeps-when-lost',
])(
  'a run notices the mutant %s',
  async (name) => {
    const hunts = await hunt([name], { seed: 1 });
    expect(
      hunts.every(({ isCaught }) => isCaught),
      tableOf(hunts),
    ).toBe(true);
  },
  90_000,
);
