import zlib from 'node:zlib';
import { UsageError } from '../core/errors.js';

export type Compression = 'zstd' | 'deflate' | 'brotli';

interface Compressor {
  compress(bytes: Uint8Array): Buffer;
  expand(bytes: Uint8Array): Buffer;
}

/** A guard against a small entry that expands without end. */
const largest = 512 * 1024 * 1024;

// Synchronous on purpose: for the few kilobytes of an entry the asynchronous variants cost several times the work itself.
const compressors: Record<Compression, Compressor | undefined> = {
  deflate: {
    compress: (bytes) => zlib.deflateRawSync(bytes, { level: 1 }),
    expand: (bytes) => zlib.inflateRawSync(bytes, { maxOutputLength: largest }),
  },
  brotli: {
    compress: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
    expand: (bytes) => zlib.brotliDecompressSync(bytes, { maxOutputLength: largest }),
  },
  zstd: zstd(),
};

/** zstd came to Node with 22.15; older ones lack it, in their types too. */
function zstd(): Compressor | undefined {
  const { zstdCompressSync, zstdDecompressSync } = zlib as {
    zstdCompressSync?: (bytes: Uint8Array) => Buffer;
    zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;
  };
  if (!zstdCompressSync || !zstdDecompressSync) return undefined;
  return {
    compress: (bytes) => zstdCompressSync(bytes),
    expand: (bytes) => zstdDecompressSync(bytes, { maxOutputLength: largest }),
  };
}

/** What this Node compresses with when nothing is said. */
export const preferredCompression: Compression = compressors.zstd ? 'zstd' : 'deflate';

/** @throws UsageError when this Node lacks it. */
export function requireCompression(name: unknown): Compression {
  const known = typeof name === 'string' && Object.hasOwn(compressors, name) ? (name as Compression) : undefined;
  if (!known) throw new UsageError('compress.with', name, "must be 'zstd', 'deflate' or 'brotli'");
  if (!compressors[known])
    throw new UsageError('compress.with', name, "needs Node 22.15 or newer; choose 'deflate' or 'brotli'");
  return known;
}

export function compress(bytes: Uint8Array, using: Compression): Buffer {
  return compressor(using).compress(bytes);
}

/** Throws when `using` is unknown here, or the bytes are not what it made. */
export function expand(bytes: Uint8Array, using: string): Buffer {
  return compressor(using).expand(bytes);
}

function compressor(name: string): Compressor {
  const found = Object.hasOwn(compressors, name) ? compressors[name as Compression] : undefined;
  if (!found) throw new TypeError(`this Node cannot read ${name}`);
  return found;
}
