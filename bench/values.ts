/** Objects such as an API caches: some fields, texts, nested lists. The same seed gives the same value, whoever asks. */

/** Sizes as JSON, in bytes, within a few percent. */
export const sizes = { '200 B': 200, '2 KB': 2_048, '50 KB': 51_200 } as const;
export type Size = keyof typeof sizes;

export const keysPerSize = 100;

export function keysOf(size: Size, count = keysPerSize): string[] {
  return Array.from({ length: count }, (_, index) => `${sizes[size]}:${index}`);
}

/** The value that belongs to a key of `keysOf`, or to any key that goes on after it with a colon. */
export function valueOf(key: string): object {
  const [bytes = '', seed = ''] = key.split(':');
  const id = `${bytes}:${seed}`;
  const value = made.get(id) ?? makeValue(Number(bytes), Number(seed));
  made.set(id, value);
  return value;
}

const made = new Map<string, object>();

function makeValue(bytes: number, seed: number): object {
  const base = {
    id: seed,
    name: `Guelaguetza ${seed}`,
    open: seed % 2 === 0,
    rating: (seed % 50) / 10,
    tags: ['dance', 'music'],
  };
  const items: object[] = [];
  let length = jsonLength({ ...base, description: '', items });
  for (let item = makeItem(seed, 0); length + jsonLength(item) < bytes; item = makeItem(seed, items.length)) {
    items.push(item);
    length += jsonLength(item) + 1;
  }
  return { ...base, description: prose(seed).slice(0, Math.max(0, bytes - length)), items };
}

function jsonLength(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function makeItem(seed: number, index: number): object {
  return {
    id: `${seed}-${index}`,
    title: `Experience ${index} of Oaxaca`,
    price: 250 + ((seed * 31 + index * 17) % 400),
    place: { city: 'Oaxaca de Juarez', latitude: 17.06 + index / 1_000, longitude: -96.72 - index / 1_000 },
    days: ['friday', 'saturday', 'sunday'].slice(index % 2),
    about: prose(seed + index).slice(0, 80),
  };
}

function prose(seed: number): string {
  const words = [
    'the',
    'weavers',
    'of',
    'Teotitlan',
    'show',
    'how',
    'wool',
    'is',
    'dyed',
    'with',
    'cochineal',
    'and',
    'indigo',
    'before',
    'it',
    'meets',
    'the',
    'loom',
  ];
  return Array.from({ length: 60 }, (_, index) => words[(seed + index * 7) % words.length]).join(' ');
}
