import type { Store } from '../store/store.js';
import { contractCase, type ContractCase, type ContractOptions } from './contract/case.js';
import { ending } from './contract/ending.js';
import { lifetimes } from './contract/lifetimes.js';
import { operations } from './contract/operations.js';
import { reading } from './contract/reading.js';
import { scanning } from './contract/scanning.js';
import { structures } from './contract/structures.js';
import { watching } from './contract/watching.js';

/**
 * What every `Store` must do, as named cases for any test runner; a store that passes them can hold a cache.
 *
 * ```ts
 * test.each(storeContract(() => connect(url)))('$name', ({ run }) => run());
 * ```
 *
 * What a store cannot do (`watch`) is not asked of it. Each case makes a store of its own, keeps to keys under a random prefix, removes them and closes the store. It asserts
 * with `node:assert`. Stores may share a server.
 */
export function storeContract(
  makeStore: () => Store | Promise<Store>,
  options: ContractOptions = {},
): readonly ContractCase[] {
  return Object.entries({
    ...reading,
    ...lifetimes,
    ...operations,
    ...structures,
    ...scanning,
    ...watching,
    ...ending,
  }).map(([name, body]) => contractCase(name, body, makeStore, options));
}
