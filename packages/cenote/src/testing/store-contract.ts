import type { Store } from '../store/store.js';
import { contractCase, type ContractCase, type ContractOptions } from './contract/case.js';
import { ending } from './contract/ending.js';
import { lifetimes } from './contract/lifetimes.js';
import { operations } from './contract/operations.js';
import { reading } from './contract/reading.js';
import { scanning } from './contract/scanning.js';

/**
 * What every `Store` must do, as named cases for any test runner; a store that passes them can hold a cache.
 *
 * ```ts
 * test.each(storeContract(() => connect(url)))('$name', ({ run }) => run());
 * ```
 *
 * Each case makes a store of its own, keeps to keys under a random prefix, removes them and closes the store. It asserts
 * with `node:assert`. Stores may share a server.
 */
export function storeContract(
  makeStore: () => Store | Promise<Store>,
  options: ContractOptions = {},
): readonly ContractCase[] {
  return Object.entries({ ...reading, ...lifetimes, ...operations, ...scanning, ...ending }).map(([name, body]) =>
    contractCase(name, body, makeStore, options),
  );
}
