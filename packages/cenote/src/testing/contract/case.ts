import { randomBytes } from 'node:crypto';

import type { Store } from '../../store/store.js';

/** One promise that every store keeps. `run` rejects with an assertion error when this store does not. */
export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** What a case is given. */
export interface Bench {
  readonly store: Store;
  /** Another store on the same data, by which another process writes; `store` itself where there can be none. */
  readonly other: Store;
  /** A key of this case's own: what it is called with, behind a random prefix. */
  readonly key: (name: string) => string;
  /** A Redis glob that matches what `pattern` matches among this case's own keys. */
  readonly glob: (pattern: string) => string;
  /** Lets this much time pass on the store's clock. */
  readonly wait: (milliseconds: number) => Promise<void>;
}

export type Body = (bench: Bench) => Promise<void>;

export interface ContractOptions {
  /** Lets time pass for the store under test: by sleeping (the default), or by advancing its clock. */
  readonly wait?: (milliseconds: number) => Promise<void>;
  /** Makes a second store on the data of the first, as another process would; without it the first writes and watches. */
  readonly makeOther?: () => Store | Promise<Store>;
}

/** A case on a store of its own, which is left as it was found. */
export function contractCase(
  name: string,
  body: Body,
  makeStore: () => Store | Promise<Store>,
  options: ContractOptions,
): ContractCase {
  return {
    name,
    async run() {
      const store = await makeStore();
      const other = (await options.makeOther?.()) ?? store;
      await Promise.all([store.health(), other.health()]);
      const prefix = `contract-${randomBytes(6).toString('hex')}:`;
      const own = (key: string): string => prefix + key;
      try {
        await body({ store, other, key: own, glob: own, wait: options.wait ?? sleep });
        await removeAll(store, prefix).catch(ignoreClosed);
      } finally {
        await Promise.all([store.close(), other.close()]);
      }
    },
  };
}

async function removeAll(store: Store, prefix: string): Promise<void> {
  for await (const keys of store.scan(`${prefix}*`)) await store.delete(keys);
}

/** A case that closes its store has removed nothing by then, and must have written nothing. */
function ignoreClosed(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'STORE_CLOSED') throw error;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
