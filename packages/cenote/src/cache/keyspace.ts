import type { Duration } from '../core/duration.js';
import { UsageError } from '../core/errors.js';
import { checkFunction } from '../core/options.js';
import { absent, due } from './near/near.js';
import {
  declare,
  type Awaitable,
  type KeyspaceOptions,
  type LoadingOptions,
  type LoadingSchemaOptions,
  type SchemaOptions,
  type Shape,
} from './declare.js';
import type { Engine, ManyLoader, Target } from './engine.js';
import type { Jsonify } from './jsonify.js';
import type { LoadContext, Loader } from './load.js';
import {
  resolveCall,
  resolveSet,
  resolveWrap,
  resolveInvalidation,
  resolveLimits,
  type EntryOptions,
  type InvalidateOptions,
  type Plan,
  type ReadOptions,
} from './plan.js';
import type { SchemaInput, SchemaOutput, StandardSchema } from './schema.js';
import { groupTag, type Param, type ParamArguments, type ParamName, type ParamsOf } from './template.js';

/**
 * A declared family of keys: its value type, times, tags and the ways to invalidate it stand in one place.
 *
 * Methods take the template's parameters first, and no such argument where it has none. `Value` is what is stored,
 * `Read` what comes back (a `Date` written as JSON comes back as text). Methods reject with `UsageError` for parameters
 * that are missing, unknown or cannot be in a key; what they do when the store is away is what `Cache` does.
 */
export interface Keyspace<Template extends string, Value, Read = Value, Group extends string = never> {
  readonly template: Template;

  /** The raw key of these parameters, as `cache.get` and its kin take it. @throws UsageError for parameters that don't fit. */
  key(...args: ParamArguments<Template>): string;

  /** The cached value; `undefined` when there is none, or the store is away. Never loads. One command. */
  peek(...args: [...params: ParamArguments<Template>, options?: ReadOptions]): Promise<Read | undefined>;

  /**
   * The cached value, else what `load` gives: a loader of the moment, which knows the tenant or the transaction. Within a
   * database transaction give `{ fill: false }`. Costs and errors are those of `cache.wrap`.
   */
  wrap<Loaded extends Value | null | undefined>(
    ...args: [
      ...params: ParamArguments<Template>,
      load: (context: LoadContext) => Awaitable<Loaded>,
      options?: WrapOptions,
    ]
  ): Promise<Read | Extract<Loaded, null | undefined>>;

  /**
   * Writes a value: the last writer wins, unless it has a version. Rejects with `SchemaError` for a value that does not
   * fit the schema. A store that is away keeps a deletion instead.
   */
  set(
    ...args: [...params: ParamArguments<Template>, value: Exclude<Value, undefined>, options?: Duration | EntryOptions]
  ): Promise<void>;

  /** Removes the entry and voids its running loads; true when it was there. Other revisions of the keyspace keep theirs. */
  del(...args: [...params: ParamArguments<Template>, options?: InvalidateOptions]): Promise<boolean>;

  /**
   * Invalidates a declared group: `invalidate({ expId: 3 })` every entry with that parameter, `invalidate()` or
   * `invalidate('all')` the whole keyspace. O(1), whatever the number of entries; for all revisions of the keyspace.
   */
  invalidate(...args: InvalidateArguments<Template, Group>): Promise<void>;
}

/** A keyspace that knows where its values come from. */
export interface LoadingKeyspace<
  Template extends string,
  Value,
  Read = Value,
  Group extends string = never,
> extends Keyspace<Template, Value, Read, Group> {
  /** The cached value, else the loaded one. Costs and errors are those of `cache.wrap`. */
  get(...args: [...params: ParamArguments<Template>, options?: ReadOptions]): Promise<Read>;

  /**
   * The values of many parameters, aligned with them. Read in one round trip (per node); what is missing is loaded by
   * `loadMany` in one call, else by `load` for each. The same parameters twice are read once.
   */
  getMany(params: readonly ParamsOf<Template>[], options?: ReadOptions): Promise<Read[]>;

  /** Loads now, stores and returns the result, whatever is cached. */
  refresh(...args: [...params: ParamArguments<Template>, options?: ReadOptions]): Promise<Read>;
}

export type WrapOptions = Duration | Omit<EntryOptions, 'version'>;

/** What a read gives under a codec: JSON changes types, msgpack keeps them. */
export type Decoded<CodecName, Value> = CodecName extends 'json' ? Jsonify<Value> : Value;

/** What may be declared as a group: a placeholder, or the whole keyspace. */
export type GroupOf<Template extends string> = ParamName<Template> | 'all';

/** Tags have no versions of the caller's. */
type GroupOptions = Omit<InvalidateOptions, 'version'>;

type InvalidateArguments<Template extends string, Group extends string> =
  [Group] extends [never] ? [undeclared: never]
  : 'all' extends Group ? [group?: 'all' | GroupParams<Template, Group>, options?: GroupOptions]
  : [group: GroupParams<Template, Group>, options?: GroupOptions];

/** One declared parameter, and none of the others. */
type GroupParams<Template extends string, Group extends string> = {
  [Name in Exclude<Group, 'all'>]: { readonly [One in Name]: Param } & {
    readonly [Other in Exclude<ParamName<Template>, Name>]?: never;
  };
}[Exclude<Group, 'all'>];

/** `cache.keyspace`: a function of template and options. */
export interface DeclareKeyspace<CodecName> {
  /**
   * Declares a family of keys; see `Keyspace`. Cheap, without a round trip.
   *
   * A schema is checked on what comes out of the store and on what was loaded, in the form it has after decoding; it then
   * gives the type. `undefined` is never checked, and `null` is a value like any other, unless there is a `negativeTtl`.
   *
   * @throws UsageError for a template or option that breaks a rule, or a template declared before with other options.
   */
  <const Template extends string, Schema extends StandardSchema, const Group extends GroupOf<Template> = never>(
    template: Template,
    options: SchemaOptions<Template, Schema, Group>,
  ): Keyspace<Template, SchemaInput<Schema>, SchemaOutput<Schema>, Group>;
  <const Template extends string, Value, const Group extends GroupOf<Template> = never>(
    template: Template,
    options?: KeyspaceOptions<Template, Value, Group>,
  ): Keyspace<Template, Value, Decoded<CodecName, Value>, Group>;
  <
    const Template extends string,
    Schema extends StandardSchema,
    Loaded extends SchemaInput<Schema> | null | undefined,
    const Group extends GroupOf<Template> = never,
  >(
    template: Template,
    options: LoadingSchemaOptions<Template, Schema, Loaded, Group>,
  ): LoadingKeyspace<Template, SchemaInput<Schema>, SchemaOutput<Schema> | Extract<Loaded, null | undefined>, Group>;
  <const Template extends string, Value, const Group extends GroupOf<Template> = never>(
    template: Template,
    options: LoadingOptions<Template, Value, Group>,
  ): LoadingKeyspace<Template, Value, Decoded<CodecName, Value>, Group>;
}

/** The body of `cache.keyspace`. Types are those of `DeclareKeyspace`; here everything is unknown, and checked. */
export function declareKeyspace(
  engine: Engine,
  template: string,
  options: unknown,
): LoadingKeyspace<string, unknown, unknown, string> {
  return new DeclaredKeyspace(engine, declare(engine, template, options));
}

/** `(params, value, options)`, or `(value, options)` where the template has no placeholders. */
class DeclaredKeyspace {
  readonly template: string;
  readonly #engine: Engine;
  readonly #shape: Shape;
  readonly #bare: boolean;

  constructor(engine: Engine, shape: Shape) {
    this.#engine = engine;
    this.#shape = shape;
    this.#bare = shape.template.names.length === 0;
    this.template = shape.template.source;
  }

  key(params: unknown): string {
    return this.#shape.template.key(this.#bare ? {} : ownParams(params));
  }

  // Not async: a hit would pay for a second promise. Mistakes reject nevertheless.
  get(first: unknown, second: unknown): Promise<unknown> {
    try {
      const options = this.#bare ? first : second;
      const held = options === undefined ? this.#nearest(first) : absent;
      if (held !== absent && held !== due) return Promise.resolve(held);
      const params = this.#paramsOf(first);
      return this.#engine.through(
        this.#target(params),
        this.#plan(options),
        this.#loader(params),
        resolveCall(options),
        held === due,
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async peek(...args: unknown[]): Promise<unknown> {
    const [params, options] = this.#split(args);
    return await this.#engine.read(this.#target(params), this.#plan(options), resolveCall(options));
  }

  async getMany(list: unknown, options: unknown): Promise<unknown[]> {
    if (!Array.isArray(list)) throw new UsageError('params', list, 'must be a list of parameters');
    const places = new Map<string, number>();
    const distinct: Params[] = [];
    const targets: Target[] = [];
    const indexes = list.map((item: unknown) => {
      const params = ownParams(item);
      const key = this.#shape.template.key(params);
      const known = places.get(key);
      if (known !== undefined) return known;
      places.set(key, targets.length);
      distinct.push(params);
      return targets.push({ key, tags: this.#shape.tags(params) }) - 1;
    });
    if (targets.length === 0) return [];
    const values = await this.#engine.throughMany(
      targets,
      this.#plan(options),
      this.#manyLoader(distinct),
      resolveCall(options),
    );
    return indexes.map((index) => values[index]);
  }

  async wrap(...args: unknown[]): Promise<unknown> {
    const [params, load, options] = this.#split(args);
    const { plan, call, tags } = resolveWrap(options, this.#shape.plan);
    return await this.#engine.through(this.#target(params, tags), plan, checkFunction<Loader>(load, 'load'), call);
  }

  async set(...args: unknown[]): Promise<void> {
    const [params, value, options] = this.#split(args);
    const { plan, call, tags, version } = resolveSet(options, this.#shape.plan);
    await this.#engine.write(this.#target(params, tags), value, plan, version, call);
  }

  async del(...args: unknown[]): Promise<boolean> {
    const [params, options] = this.#split(args);
    return await this.#engine.remove(
      this.#shape.template.key(params),
      resolveInvalidation(options, this.#engine.strict),
    );
  }

  async refresh(...args: unknown[]): Promise<unknown> {
    const [params, options] = this.#split(args);
    return await this.#engine.refresh(
      this.#target(params),
      this.#plan(options),
      this.#loader(params),
      resolveCall(options),
    );
  }

  async invalidate(group: unknown, options: unknown): Promise<void> {
    await this.#engine.invalidateTags([this.#tagOfGroup(group)], resolveInvalidation(options, this.#engine.strict));
  }

  /** A copy that this plan put there carries this plan's tags: they need not be made to find it. */
  #nearest(params: unknown): unknown {
    const { template, plan } = this.#shape;
    const key = template.quickKey(this.#bare ? undefined : (params as Params)) ?? template.key(this.#paramsOf(params));
    return this.#engine.nearest(key, plan);
  }

  #split(args: readonly unknown[]): [params: Params, ...rest: unknown[]] {
    return this.#bare ? [{}, ...args] : [ownParams(args[0]), ...args.slice(1)];
  }

  #paramsOf(first: unknown): Params {
    return this.#bare ? {} : ownParams(first);
  }

  #target(params: Params, more: readonly string[] = []): Target {
    const tags = this.#shape.tags(params);
    return { key: this.#shape.template.key(params), tags: more.length === 0 ? tags : [...tags, ...more] };
  }

  #plan(options: unknown): Plan {
    const { plan } = this.#shape;
    const deadline = (options as ReadOptions | undefined)?.deadline;
    return deadline === undefined ? plan : (
        { ...plan, limits: resolveLimits(deadline, plan.limits, 'options.deadline') }
      );
  }

  #loader(params: Params): Loader {
    const { load } = this.#shape;
    if (load) return (context) => load(params, context);
    return async (context) => (await this.#loadMany([params], context))[0];
  }

  #manyLoader(params: readonly Params[]): ManyLoader {
    const { load, loadMany } = this.#shape;
    if (loadMany || !load)
      return {
        together: (indexes, context) =>
          this.#loadMany(
            indexes.map((index) => params[index] as Params),
            context,
          ),
      };
    return { each: (index, context) => load(params[index] as Params, context) };
  }

  async #loadMany(params: readonly Params[], context: LoadContext): Promise<readonly unknown[]> {
    const { loadMany } = this.#shape;
    if (!loadMany)
      throw new UsageError(
        'load',
        undefined,
        `must be declared by the keyspace '${this.template}' for get, getMany and refresh`,
      );
    const values = await loadMany(params, context);
    if (Array.isArray(values) && values.length === params.length) return values as unknown[];
    throw new UsageError(
      'the result of loadMany',
      values,
      `must be a list of ${params.length} values, aligned with its parameters`,
    );
  }

  #tagOfGroup(group: unknown): string {
    const { groups } = this.#shape;
    if (group === undefined || group === 'all') return this.#declared('all', group, () => groupTag(this.template));
    const names = typeof group === 'object' && group !== null ? Object.keys(group) : [];
    const name = names[0];
    if (name === undefined || names.length > 1)
      throw new UsageError(
        'group',
        group,
        `must be one of ${groups.join(', ') || 'none'}: 'all', or an object with one parameter`,
      );
    return this.#declared(name, group, () => groupTag(this.template, name, (group as Params)[name]));
  }

  #declared(name: string, group: unknown, tag: () => string): string {
    const { groups } = this.#shape;
    if (groups.includes(name)) return tag();
    throw new UsageError(
      'group',
      group,
      `must be declared by the keyspace '${this.template}', whose groups are: ${groups.join(', ') || 'none'}`,
    );
  }
}

type Params = Readonly<Record<string, Param>>;

/** A copy: the caller may change its object while a load with it is still to come. */
function ownParams(params: unknown): Params {
  return { ...(params as Params) };
}
