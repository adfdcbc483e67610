import { test } from 'vitest';

import { fakeClock } from '../../testing/fake-clock.js';
import { storeContract } from '../../testing/store-contract.js';
import { memoryStore } from './memory-store.js';

const clock = fakeClock();
const wait = async (milliseconds: number): Promise<void> => clock.advance(milliseconds);

for (const { name, run } of storeContract(() => memoryStore({ clock }), { wait })) test(name, run);
