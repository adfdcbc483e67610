import { expect, test } from 'vitest';

import { fakeClock } from '../../testing/fake-clock.js';
import { storeContract } from '../../testing/store-contract.js';
import { memoryStore } from './memory-store.js';

const clock = fakeClock();
const wait = async (milliseconds: number): Promise<void> => clock.advance(milliseconds);

test.each(storeContract(() => memoryStore({ clock }), { wait }))('$name', async ({ run }) => {
  await expect(run()).resolves.toBeUndefined();
});
