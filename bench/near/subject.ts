/** Keys that a subject answers for, by their number. */
export const keyCount = 10_000;

/** What is kept under a key. */
export function smallValue(number: number): { id: number; name: string; city: string; price: number } {
  return { id: number, name: `Weaver ${String(number).padStart(8, '0')}`, city: 'Oaxaca de Juárez, MX', price: 250.5 };
}

export function keyOf(number: number): string {
  return `maker:${number}`;
}

export function keys(count: number): string[] {
  return Array.from({ length: count }, (_, number) => keyOf(number));
}

/** Something that has all keys in memory. */
export interface NearSubject {
  /** The value of the key of this number, or the promise of it. */
  read(number: number): unknown;
  close?(): Promise<unknown>;
}

/** `load` is what a loader does: the subject calls it once for each key, before measuring begins. */
export type OpenNearSubject = (url: string, load: (key: string) => Promise<object>) => Promise<NearSubject>;

/** Calls `work` for each item, 100 at a time. */
export async function some<Item>(items: Iterable<Item>, work: (item: Item) => unknown): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); !next.done; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: 100 }, worker));
}
