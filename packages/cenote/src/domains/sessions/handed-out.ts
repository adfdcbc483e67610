/** How many are remembered at least; at most twice as many. */
const most = 5_000;

/** Of what was read while nobody knew the user's standing: it may be written to what is there, and make nothing. */
export const unknownStanding = '?';

/**
 * Under which standing of its user this process has read which session. Who writes back what was read before a revocation
 * must not make a session of it where nothing is stored: a session that the store did not hold then left no tombstone.
 */
export class HandedOut {
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  add(handle: string, standing: string): void {
    if (this.#young.size >= most) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(handle, standing);
  }

  /** Empty for a session that this process has not read. `epoch`: the present one; under another all is unknown. */
  of(handle: string, epoch: string): string {
    const standing = this.#young.get(handle) ?? this.#old.get(handle) ?? '';
    return standing === '' || standing.startsWith(`${epoch}.`) ? standing : unknownStanding;
  }
}
