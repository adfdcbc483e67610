import type { Store } from '../store/store.js';
import { randomId } from './entry.js';
import { acquire, release, renew } from './operations/index.js';
import type { Key } from './key.js';
import { epochOf, type Scope } from './scope.js';
import { captureTags, freshVersions, mergeTags, type Tag } from './tags.js';

/** A lease's life, in milliseconds. A crashed holder is replaced after this; a living one renews it at a third. */
export const leaseLife = 2_000;

/** How long refreshers stay away after a failed one, in milliseconds. */
export const coolOff = 1_000;

export interface LeaseRequest {
  readonly key: Key;
  readonly mode: 'absent' | 'refresh' | 'force';
  /** The id of the entry that the reader rejected. */
  readonly rejected?: string | undefined;
  readonly tags: readonly Tag[];
  /** Milliseconds that tags must outlive: the longest life of an entry under them. */
  readonly tagLife: number;
  readonly deadline: number | undefined;
}

export type Asked = Lease | 'taken' | 'held' | 'present';

/**
 * The expiring right to fill one key. What it was granted under (the store's epoch, the tags' versions) goes into the
 * entry, so that an invalidation after the grant, a failover included, makes the fill void or the entry dead.
 */
export class Lease {
  readonly key: Key;
  readonly name: string;
  readonly token: string;
  readonly epoch: string;
  /** Versions by tag key, all captured before the loader read. */
  readonly versions: Map<string, string>;
  readonly tags: Tag[];
  /** Milliseconds that the tags live at least. */
  readonly tagLife: number;
  readonly #store: Store;
  readonly #deadline: number | undefined;

  constructor(
    store: Store,
    request: LeaseRequest,
    name: string,
    token: string,
    epoch: string,
    versions: Map<string, string>,
  ) {
    this.#store = store;
    this.#deadline = request.deadline;
    this.key = request.key;
    this.tags = [...request.tags];
    this.tagLife = request.tagLife;
    this.name = name;
    this.token = token;
    this.epoch = epoch;
    this.versions = versions;
  }

  /**
   * Whether the store still holds this very lease under unchanged tags, asked now. One `MGET`. Rejects when the store is
   * away. A server that has taken over may hold the lease and have forgotten what voided it, so its word is no.
   */
  async isHeld(): Promise<boolean> {
    const tags = [...this.versions];
    const [holder, ...versions] = await this.#store.read([this.name, ...tags.map(([key]) => key)], {
      deadline: this.#deadline,
    });
    return (
      this.#store.epoch === this.epoch &&
      holder?.toString() === this.token &&
      tags.every(([, version], index) => versions[index]?.toString() === version)
    );
  }

  /** Prolongs the lease; false once it is lost. */
  async renew(): Promise<boolean> {
    return (
      (await this.#store.run(
        renew,
        { lease: this.name, token: this.token, life: leaseLife },
        { deadline: this.#deadline },
      )) === 'kept'
    );
  }

  /** Gives the lease back. What fails is left to expiry. */
  async release(cool = 0): Promise<void> {
    await this.#store
      .run(release, { lease: this.name, token: this.token, cool }, { deadline: this.#deadline })
      .catch(() => undefined);
  }

  /** The tags in the order in which headers write them. */
  sortedTags(): readonly Tag[] {
    return mergeTags([], this.tags);
  }

  /** Captures more tags; false when one of them is on hold. Rejects when the store is away. */
  async capture(tags: readonly Tag[]): Promise<boolean> {
    const captured = await captureTags(this.#store, tags, this.tagLife, this.epoch, this.#deadline);
    if (!captured) return false;
    for (const tag of tags) {
      this.tags.push(tag);
      this.versions.set(tag.key, captured.get(tag.key) ?? '');
    }
    return true;
  }
}

/**
 * Asks the store for a lease. One round trip; a second before it where the tags live in other partitions. Rejects when
 * the store is away; a grant that arrives after its deadline is given back.
 */
export async function askLease(scope: Scope, request: LeaseRequest): Promise<Asked> {
  const { store, common } = scope;
  const { key, tags, tagLife, deadline } = request;
  const epoch = await epochOf(scope, { deadline });
  const token = `${epoch}.${randomId()}`;
  const name = common.names.lease(key.stored);
  const tagKeys = tags.map((tag) => tag.key);
  const together = store.partition([name, ...tagKeys]).length === 1;
  const before = together ? new Map<string, string>() : await captureTags(store, tags, tagLife, epoch, deadline);
  if (!before) return 'held';
  const inside = together ? tagKeys : [];
  const lease = new Lease(store, request, name, token, epoch, before);
  const asked = store.run(
    acquire,
    {
      value: key.stored,
      lease: name,
      token,
      life: leaseLife,
      mode: request.mode,
      rejected: request.rejected,
      tags: inside,
      versions: freshVersions(inside.length, epoch),
      tagLife,
      epoch,
    },
    { deadline },
  );
  const answer = await asked.catch((error: unknown) => {
    // It may have been granted all the same; nobody will use it.
    void lease.release();
    throw error;
  });
  if (answer.word !== 'granted') return answer.word;
  for (const [index, tag] of inside.entries()) before.set(tag, answer.versions[index] ?? '');
  return lease;
}
