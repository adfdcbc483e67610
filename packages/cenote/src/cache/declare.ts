import { milliseconds, type Duration } from '../core/duration.js';
import { UsageError } from '../core/errors.js';
import { checkFraction, checkFunction, checkOneOf, checkOptions, checkVersion } from '../core/options.js';
import type { Declaration, Engine } from './engine.js';
import type { LoadContext } from './load.js';
import { checkTags, resolveLimits, type Deadlines, type Plan } from './plan.js';
import { checkSchema, isSchema, isType, type SchemaInput, type StandardSchema, type TypeOf } from './schema.js';
import { groupTag, parseTemplate, type KeyTemplate, type Param, type ParamsOf } from './template.js';

/** What every keyspace may declare. What is left out is as the cache has it. */
export interface KeyspaceSettings<Template extends string, Group extends string> {
  /** Fresh life; `Infinity` for no expiry. */
  readonly ttl?: Duration | undefined;
  /** Stale life after it, served when the loader fails or while refreshing. */
  readonly grace?: Duration | undefined;
  /** Life of `null` and `undefined`. */
  readonly negativeTtl?: Duration | undefined;
  /** 0 to 1: by how much of it a fresh life may be shortened, at random. */
  readonly jitter?: number | undefined;
  readonly deadline?: Duration | Deadlines | undefined;
  /** Tags of an entry, from its parameters. */
  readonly tags?: ((params: ParamsOf<Template>) => readonly string[]) | undefined;
  /** By which of its parameters, one at a time, the keyspace may be invalidated in O(1); `all`: as a whole. */
  readonly groups?: Group | readonly Group[] | undefined;
  /** Stands in the keys from 2 on: raise it when the value's shape changes, so that old and new processes do not share entries. */
  readonly revision?: number | undefined;
  /** After a failover: `cold` (the default) forgets older entries, `trust` serves them. */
  readonly onFailover?: 'cold' | 'trust' | undefined;
}

/** Where the values of a keyspace come from: one of the two, or both. */
type Source<Template extends string, Value> =
  | {
      readonly load: (params: ParamsOf<Template>, context: LoadContext) => Awaitable<Value>;
      readonly loadMany?:
        ((params: readonly ParamsOf<Template>[], context: LoadContext) => Awaitable<readonly Value[]>) | undefined;
    }
  | {
      readonly load?: undefined;
      readonly loadMany: (params: readonly ParamsOf<Template>[], context: LoadContext) => Awaitable<readonly Value[]>;
    };

interface NoSource {
  readonly load?: undefined;
  readonly loadMany?: undefined;
}

interface Fence<Value> {
  /**
   * The fence of a value, such as its row's version: no value replaces one of a higher version. Not asked of null and
   * undefined. Write it after `load`, from which the compiler has its type.
   */
  readonly version?: ((value: Value & {}) => number | bigint) | undefined;
}

export interface KeyspaceOptions<Template extends string, Value, Group extends string = never>
  extends KeyspaceSettings<Template, Group>, NoSource, Fence<Value> {
  /** Names the type of the values: `type<User>()`. */
  readonly value?: TypeOf<Value> | undefined;
  readonly schema?: undefined;
}

export type LoadingOptions<Template extends string, Value, Group extends string = never> = KeyspaceSettings<
  Template,
  Group
> &
  Source<Template, Value> &
  Fence<Value> & { readonly value?: TypeOf<Value> | undefined; readonly schema?: undefined };

export type SchemaOptions<
  Template extends string,
  Schema extends StandardSchema,
  Group extends string = never,
> = KeyspaceSettings<Template, Group> &
  NoSource &
  Fence<SchemaInput<Schema>> & { readonly schema: Schema; readonly value?: undefined };

export type LoadingSchemaOptions<
  Template extends string,
  Schema extends StandardSchema,
  Loaded,
  Group extends string = never,
> = KeyspaceSettings<Template, Group> &
  Source<Template, Loaded> &
  Fence<Loaded> & { readonly schema: Schema; readonly value?: undefined };

export type Awaitable<T> = T | PromiseLike<T>;

/** A keyspace's template and options, checked and resolved once. */
export interface Shape {
  readonly template: KeyTemplate;
  readonly plan: Plan;
  readonly groups: readonly string[];
  /** What an entry of these parameters carries: the tags of its groups, and its own. */
  readonly tags: (params: Params) => readonly string[];
  readonly load: ((params: Params, context: LoadContext) => unknown) | undefined;
  readonly loadMany: ((params: readonly Params[], context: LoadContext) => unknown) | undefined;
}

/**
 * Reads a declaration, and enters it in the engine's register.
 *
 * @throws UsageError for whatever breaks a rule, and for a template that was declared before with other options.
 */
export function declare(engine: Engine, source: string, options: unknown): Shape {
  const given = checkOptions(options, optionNames, 'options');
  const template = parseTemplate(source, given['revision'] as number | undefined);
  checkReach(engine, template);
  const groups = checkGroups(given['groups'], template);
  const plan = resolvePlan(engine, template, given);
  checkValue(given['value']);
  const tags = tagger(template.source, groups, optionalFunction<TagsOption>(given['tags'], 'options.tags'));
  const load = optionalFunction<NonNullable<Shape['load']>>(given['load'], 'options.load');
  const loadMany = optionalFunction<NonNullable<Shape['loadMany']>>(given['loadMany'], 'options.loadMany');
  register(engine, template, declarationOf(given, plan, groups));
  return Object.freeze({ template, plan, groups, tags, load, loadMany });
}

type Params = Readonly<Record<string, Param>>;
type TagsOption = (params: Params) => readonly string[];

/** Compared by identity, or by their text, when a template is declared again. */
const givenNames = ['tags', 'version', 'schema', 'load', 'loadMany'] as const;
const optionNames = [
  'ttl',
  'grace',
  'negativeTtl',
  'jitter',
  'deadline',
  'groups',
  'revision',
  'onFailover',
  'value',
  ...givenNames,
] as const;

const noTags: readonly string[] = Object.freeze([]);

/** A template whose every key is reserved or too long is a mistake of the declaration, not of the calls. */
function checkReach(engine: Engine, template: KeyTemplate): void {
  engine.checkKey(template.key(Object.fromEntries(template.names.map((name) => [name, 0]))));
}

function checkGroups(value: unknown, template: KeyTemplate): readonly string[] {
  if (value === undefined) return [];
  const groups: unknown[] = Array.isArray(value) ? value : [value];
  const known = [...template.names, 'all'];
  for (const group of groups) {
    if (!known.includes(group as string))
      throw new UsageError(
        'options.groups',
        group,
        `must be placeholders of '${template.source}' or 'all' (${known.join(', ')})`,
      );
  }
  return Object.freeze([...new Set(groups as string[])].sort());
}

function resolvePlan(engine: Engine, template: KeyTemplate, given: Readonly<Record<string, unknown>>): Plan {
  const { defaults } = engine;
  const { ttl, grace, negativeTtl, jitter, deadline, onFailover, version, schema } = given;
  return Object.freeze({
    ...defaults,
    tally: engine.tally(template.source),
    isTagged: given['groups'] !== undefined || given['tags'] !== undefined,
    ttl: ttl === undefined ? defaults.ttl : milliseconds(ttl, 'options.ttl', { infinite: true }),
    grace: grace === undefined ? defaults.grace : milliseconds(grace, 'options.grace', { zero: true }),
    negativeTtl: negativeTtl === undefined ? defaults.negativeTtl : milliseconds(negativeTtl, 'options.negativeTtl'),
    jitter: jitter === undefined ? defaults.jitter : checkFraction(jitter, 'options.jitter'),
    limits: resolveLimits(deadline, defaults.limits, 'options.deadline'),
    trust:
      onFailover === undefined ?
        defaults.trust
      : checkOneOf(onFailover, ['cold', 'trust'], 'options.onFailover') === 'trust',
    check: schema === undefined ? undefined : checker(schema),
    version: version === undefined ? undefined : fence(checkFunction(version, 'options.version')),
  });
}

function checker(schema: unknown): NonNullable<Plan['check']> {
  if (!isSchema(schema))
    throw new UsageError('options.schema', schema, 'must be a Standard Schema, such as one of Zod, Valibot or ArkType');
  return (key, value) => checkSchema(schema, key, value);
}

function checkValue(value: unknown): void {
  if (value !== undefined && !isType(value))
    throw new UsageError('options.value', value, 'must be type<…>(); a schema belongs in options.schema');
}

function fence(version: (value: never) => unknown): NonNullable<Plan['version']> {
  return (value) => checkVersion(version(value as never), 'the result of options.version');
}

function tagger(source: string, groups: readonly string[], tags: TagsOption | undefined): Shape['tags'] {
  const whole = groups.includes('all') ? Object.freeze([groupTag(source)]) : noTags;
  const names = groups.filter((group) => group !== 'all');
  if (names.length === 0 && !tags) return () => whole;
  return (params) => {
    const all = [...whole, ...names.map((name) => groupTag(source, name, params[name]))];
    return tags ? [...all, ...checkTags(tags(params), 'the result of options.tags')] : all;
  };
}

function optionalFunction<F extends (...args: never[]) => unknown>(value: unknown, field: string): F | undefined {
  return value === undefined ? undefined : checkFunction<F>(value, field);
}

function declarationOf(given: Readonly<Record<string, unknown>>, plan: Plan, groups: readonly string[]): Declaration {
  const { ttl, grace, negativeTtl, jitter, limits, trust } = plan;
  return {
    ttl,
    grace,
    negativeTtl,
    jitter,
    deadline: JSON.stringify(limits),
    onFailover: trust,
    groups: groups.join(),
    revision: given['revision'] ?? 1,
    ...Object.fromEntries(givenNames.map((name) => [name, given[name]])),
  };
}

function register(engine: Engine, { source }: KeyTemplate, options: Declaration): void {
  // `user:{id}` and `user:{userId}` make the same keys, so they are one template under two names.
  const shape = source.replace(/\{[^{}]+\}/g, '{}');
  const declaration = { template: source, ...options };
  const before = engine.declared.get(shape);
  const other =
    before &&
    Object.keys(declaration).find((name) => !isSame(before[name], declaration[name as keyof typeof declaration]));
  if (other !== undefined)
    throw new UsageError(
      'template',
      source,
      `makes the keys of a keyspace that was declared with another ${other}: declare a keyspace once and share it`,
    );
  engine.declared.set(shape, declaration);
}

/** Functions by their text too: a class that declares keyspaces in its constructor makes them anew for each instance. */
function isSame(one: unknown, other: unknown): boolean {
  return (
    Object.is(one, other) || (typeof one === 'function' && typeof other === 'function' && String(one) === String(other))
  );
}
