import { expect, test } from 'vitest';

import { hunt, tableOf } from './hunt.js';
import { mutantNames } from './mutants.js';

// The same with a table: `npm run race:mutants`.

test.each(mutantNames)(
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
