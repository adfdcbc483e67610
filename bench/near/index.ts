import type { SubjectName } from '../subjects/index.js';
import type { OpenNearSubject } from './subject.js';

interface Reader {
  /** Whose it is; floors are `raw`. */
  readonly of: SubjectName;
  readonly open: () => Promise<OpenNearSubject>;
}

/** What is compared, the floor first. Loaded by name: each stays out of the others' processes. */
export const readers = {
  'async function around Map.get': { of: 'raw', open: async () => (await import('./floors.js')).asyncMap },
  'Map.get alone': { of: 'raw', open: async () => (await import('./floors.js')).bareMap },
  wrap: { of: 'cenote', open: async () => (await import('./cenote.js')).wrap },
  'wrap, 2 tags': { of: 'cenote', open: async () => (await import('./cenote.js')).taggedWrap },
  get: { of: 'cenote', open: async () => (await import('./cenote.js')).get },
  'layered-loader': { of: 'layered-loader', open: async () => (await import('./peers.js')).layeredLoader },
  'async-cache-dedupe': {
    of: 'async-cache-dedupe',
    open: async () => (await import('./peers.js')).asyncCacheDedupe,
  },
  bentocache: { of: 'bentocache', open: async () => (await import('./peers.js')).bentocache },
  cacheable: { of: 'cacheable', open: async () => (await import('./peers.js')).cacheable },
  'cache-manager': { of: 'cache-manager', open: async () => (await import('./peers.js')).cacheManager },
} as const satisfies Readonly<Record<string, Reader>>;

/** The same for callers that have parameters and no key. */
export const readersByParams = {
  'async function around Map.get of a key made there': {
    of: 'raw',
    open: async () => (await import('./floors.js')).asyncMapByParams,
  },
  'keyspace.get, 1 parameter': { of: 'cenote', open: async () => (await import('./cenote.js')).keyspace },
  'keyspace.get, 1 parameter, 2 groups': {
    of: 'cenote',
    open: async () => (await import('./cenote.js')).groupedKeyspace,
  },
} as const satisfies Readonly<Record<string, Reader>>;

export const readersByTwoParams = {
  'async function around Map.get of a key made of two': {
    of: 'raw',
    open: async () => (await import('./floors.js')).asyncMapByTwoParams,
  },
  'keyspace.get, 2 parameters': { of: 'cenote', open: async () => (await import('./cenote.js')).keyspaceOfTwo },
  'keyspace.get, 2 parameters, 2 groups': {
    of: 'cenote',
    open: async () => (await import('./cenote.js')).groupedKeyspaceOfTwo,
  },
} as const satisfies Readonly<Record<string, Reader>>;

export const everyReader = { ...readers, ...readersByParams, ...readersByTwoParams };
export type ReaderName = keyof typeof everyReader;
