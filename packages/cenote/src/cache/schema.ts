import { SchemaError } from '../core/errors.js';

/**
 * What a schema library must offer: version 1 of Standard Schema (standardschema.dev), which Zod, Valibot, ArkType and
 * others implement. Only what is used here is described.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Carries types; never there at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The outcome of a check: the value, perhaps transformed, or what is wrong with it. */
export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema accepts. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['input'];

/** What a schema makes of it. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output'];

/** Carries a type to where there is no value of it. */
export interface TypeOf<T> {
  /** Never there at run time. */
  readonly type?: T;
}

/** Names the values of a keyspace that has neither a loader nor a schema: `{ value: type<User>() }`. Checks nothing. */
export function type<T>(): TypeOf<T> {
  return marker;
}

/** Whether an option came from `type`. */
export function isType(value: unknown): boolean {
  return value === marker;
}

const marker = Object.freeze({});

/** Whether an option is a schema. */
export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = (value as { '~standard'?: unknown })['~standard'];
  return (
    typeof standard === 'object' &&
    standard !== null &&
    typeof (standard as { validate?: unknown }).validate === 'function'
  );
}

/**
 * The value as the schema makes it: at once, or as a promise when the schema is asynchronous.
 *
 * @param key names the entry in the error.
 * @throws SchemaError (or rejects with it) when the value does not fit; whatever the schema itself throws.
 */
export function checkSchema<Output>(
  schema: StandardSchema<unknown, Output>,
  key: string,
  value: unknown,
): Output | Promise<Output> {
  const result = schema['~standard'].validate(value);
  return result instanceof Promise ? result.then((settled) => accepted(settled, key)) : accepted(result, key);
}

function accepted<Output>(result: SchemaResult<Output>, key: string): Output {
  if (result.issues) throw new SchemaError(key, result.issues.map(located));
  return result.value;
}

/** Messages of most libraries do not say where; the path goes in front. */
function located(issue: SchemaIssue): SchemaIssue {
  if (!issue.path?.length) return issue;
  const path = issue.path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
  return { ...issue, message: `${path}: ${issue.message}` };
}
