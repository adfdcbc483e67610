import { ensureRedisBinary } from './redis.js';

/** Vitest runs this once before the tests that need Redis; each of them starts its own. */
export default function setup(): void {
  ensureRedisBinary();
}
