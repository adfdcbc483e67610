export { Cache } from './cache/cache.js';
export type { Codec } from './cache/codec.js';
export type { EntryReport } from './cache/inspect.js';
export type { HealthReport } from './cache/health.js';
export type { Jsonify } from './cache/jsonify.js';
export type { Keyspace, LoadingKeyspace } from './cache/keyspace.js';
export type { LoadContext } from './cache/load.js';
export type { CacheOptions } from './cache/options.js';
export { glob } from './cache/pattern.js';
export type { Deadlines, EntryOptions, InvalidateOptions, ReadOptions } from './cache/plan.js';
export { type, type StandardSchema } from './cache/schema.js';
export type { CacheStats } from './cache/stats.js';
export type { WarmJob, WarmOptions, WarmReport } from './cache/warm.js';
export { systemClock, type Clock } from './core/clock.js';
export type { Duration } from './core/duration.js';
export {
  CenoteError,
  errorCodes,
  LoadTimeoutError,
  SchemaError,
  StoreError,
  UsageError,
  type ErrorCode,
} from './core/errors.js';
export type { CacheEvent, MissReason, RefuseReason } from './core/events.js';
export { connect, storeFromEnv, type ConnectOptions } from './store/connect.js';
export { defineOperation, type Operation, type OperationCall, type Reply } from './store/operation.js';
export type { LocalData } from './store/memory/local-data.js';
export type { CallOptions, Store, StoreHealth } from './store/store.js';
