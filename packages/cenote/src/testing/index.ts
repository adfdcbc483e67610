/** For tests of what is built on cenote: the contract of stores, a clock that stands still, a store that fails on demand. */
export { fakeClock, type FakeClock } from './fake-clock.js';
export { faultyStore, type FaultyStore, type FaultyStoreOptions, type FaultTarget, type Hold } from './faulty-store.js';
export type { FaultyFeed } from './faulty-feed.js';
export { storeContract } from './store-contract.js';
export type { ContractCase, ContractOptions } from './contract/case.js';
