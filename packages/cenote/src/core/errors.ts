/**
 * Every error that cenote raises, cut by what the caller does next: fix the call (`UsageError`), try again or answer
 * without (`StoreError`), report a slow source (`LoadTimeoutError`), repair data (`SchemaError`).
 */

/** What each code means, whether trying again can help, and what to do. `docs/errors.md` is generated from this table. */
export const errorCodes = {
  USAGE: {
    retryable: false,
    meaning:
      'An argument, option, key, pattern or environment variable breaks a rule; the message names field, value and rule.',
    remedy: 'Fix the call. Nothing was read, written or removed.',
  },
  STORE_UNAVAILABLE: {
    retryable: true,
    meaning: 'The store is not connected, or its breaker is open after repeated failures.',
    remedy: 'Caches answer from the source meanwhile; look at health().',
  },
  STORE_TIMEOUT: {
    retryable: true,
    meaning: 'The store did not answer within the deadline. Whether the command took effect is not known.',
    remedy: 'Invalidations are kept and replayed; look for a slow or frozen server.',
  },
  STORE_REFUSED: {
    retryable: true,
    meaning: 'The store answered with an error, such as OOM, READONLY, LOADING or NOPERM; `cause` holds its words.',
    remedy: 'Invalidations are kept and replayed; free memory, or correct the role or the ACL of the server.',
  },
  STORE_CLOSED: {
    retryable: false,
    meaning: 'The store or cache was closed before the call.',
    remedy: 'Close after the last user of it has stopped.',
  },
  STORE_REPLY: {
    retryable: false,
    meaning:
      'The store answered something that the operation does not know: another program writes under these keys, or versions are mixed.',
    remedy: 'Give each program its own prefix.',
  },
  LOAD_TIMEOUT: {
    retryable: true,
    meaning: 'A loader ran longer than the hard deadline, and nothing stale could be served; its signal was aborted.',
    remedy: 'Make the query faster, or raise `deadline.hard`.',
  },
  SCHEMA: {
    retryable: false,
    meaning: 'A loaded or given value does not satisfy the schema of its keyspace; it was not stored.',
    remedy: 'Correct the loader or the schema; `issues` lists what differs.',
  },
  CODEC: {
    retryable: false,
    meaning: 'A value cannot be encoded (a cycle, a BigInt in JSON, a function), so it could not be stored by `set`.',
    remedy: 'Store plain data, or choose the msgpack codec.',
  },
  PEER_MISSING: {
    retryable: false,
    meaning: 'An optional package that this feature needs is not installed; the message holds the install command.',
    remedy: 'Run the command of the message.',
  },
} as const satisfies Record<string, { retryable: boolean; meaning: string; remedy: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** The base of all errors of cenote. `code` is stable across releases; `retryable` says whether the same call may succeed later. */
export class CenoteError extends Error {
  override readonly name: string = 'CenoteError';
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = errorCodes[code].retryable;
  }
}

/** A programming mistake, thrown at once: the message names the field, the value and the rule it breaks. */
export class UsageError extends CenoteError {
  override readonly name = 'UsageError';
  readonly field: string;

  constructor(field: string, value: unknown, rule: string) {
    super('USAGE', `${field} ${rule}, got ${show(value)}`);
    this.field = field;
  }
}

/** The loader of a key ran past the hard deadline. */
export class LoadTimeoutError extends CenoteError {
  override readonly name = 'LoadTimeoutError';

  constructor(key: string, milliseconds: number) {
    super('LOAD_TIMEOUT', `the loader of ${show(key)} did not end within ${milliseconds} ms`);
  }
}

export type StoreErrorCode = Extract<ErrorCode, `STORE_${string}`>;

/** The store could not do what it was asked. Caches turn it into a miss or a kept invalidation; `strict` calls reject with it. */
export class StoreError extends CenoteError {
  override readonly name = 'StoreError';

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A value does not satisfy the schema of its keyspace. `issues` are those of the schema library (Standard Schema). */
export class SchemaError extends CenoteError {
  override readonly name = 'SchemaError';
  readonly issues: readonly { readonly message: string }[];

  constructor(key: string, issues: readonly { readonly message: string }[]) {
    super(
      'SCHEMA',
      `the value of ${show(key)} does not fit its schema: ${issues.map((issue) => issue.message).join('; ')}`,
    );
    this.issues = issues;
  }
}

/** A value in an error message: quoted, on one line, at most some 80 characters. */
export function show(value: unknown): string {
  const text =
    typeof value === 'string' ? JSON.stringify(value)
    : typeof value === 'function' ? `[function ${value.name || 'anonymous'}]`
    : typeof value === 'object' && value !== null ? showObject(value)
    : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function showObject(value: object): string {
  try {
    return JSON.stringify(value) ?? '[object]';
  } catch {
    return '[object]';
  }
}
