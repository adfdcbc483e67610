import type { Flight } from './flight.js';
import type { Key } from './key.js';
import type { Tag } from './tags.js';

/** What is to be read: a key, and the tags that its caller names. */
export interface Wanted {
  readonly key: Key;
  readonly tags: readonly Tag[];
}

/**
 * The loads under way in this process. Callers that name other tags for the same key fly apart, since the store's word on
 * one flight says nothing about the tags of another.
 */
export class Flights {
  readonly #byKey = new Map<string, Map<string, { readonly raw: string; readonly flight: Flight }>>();

  get(wanted: Wanted): Flight | undefined {
    return this.#byKey.get(wanted.key.stored)?.get(tagCodes(wanted))?.flight;
  }

  set({ key, tags }: Wanted, flight: Flight): void {
    const flights = this.#byKey.get(key.stored) ?? new Map<string, { readonly raw: string; readonly flight: Flight }>();
    flights.set(tagCodes({ key, tags }), { raw: key.raw, flight });
    this.#byKey.set(key.stored, flights);
  }

  /** Takes a flight out, unless another has taken its place. */
  delete(wanted: Wanted, flight: Flight): void {
    const flights = this.#byKey.get(wanted.key.stored);
    const codes = tagCodes(wanted);
    if (!flights || flights.get(codes)?.flight !== flight) return;
    flights.delete(codes);
    if (flights.size === 0) this.#byKey.delete(wanted.key.stored);
  }

  /** This process invalidates a key: what loads it now may neither be joined nor stored. */
  doomKey(stored: string): void {
    for (const { flight } of this.#byKey.get(stored)?.values() ?? []) flight.doom();
  }

  /** The same for what loads under one of these tags. O(flights). */
  doomTagged(tags: readonly Tag[]): void {
    for (const flights of this.#byKey.values())
      for (const { flight } of flights.values()) if (tags.some(({ key }) => flight.isUnder(key))) flight.doom();
  }

  /** The same for all keys that a pattern means. O(flights). */
  doomWhere(matches: (raw: string) => boolean): void {
    for (const flights of this.#byKey.values())
      for (const { raw, flight } of flights.values()) if (matches(raw)) flight.doom();
  }
}

/** One name for what a caller wants: the key, and the tags it names. */
export function wantedId(wanted: Wanted): string {
  return `${wanted.key.stored} ${tagCodes(wanted)}`;
}

function tagCodes({ tags }: Wanted): string {
  return tags.length === 0 ? '' : tags.map((tag) => tag.code).join();
}
