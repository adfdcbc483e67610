/**
 * What becomes of a type when a value of it is written as JSON and read again: a `Date` is a string, a `Map` an empty
 * object, what JSON leaves out is gone. `never` stands where writing fails (a bigint). `NaN` and infinities, which become
 * null, cannot be told from other numbers by their type.
 *
 * At the top `undefined` stays, since a loader's `undefined` is returned and never written.
 */
export type Jsonify<T> =
  unknown extends T ? T
  : [T] extends [JsonValue | undefined] ? T
  : T extends undefined ? undefined
  : Json<T>;

/** What JSON keeps as it is. Such types need no mapping: they keep their names, and may be recursive in any way. */
type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

type Json<T> =
  unknown extends T ? T
  : T extends string | number | boolean | null ? T
  : T extends bigint ? never
  : T extends { toJSON(...args: never[]): infer R } ? Json<R>
  : T extends Left ? undefined
  : T extends String ? string
  : T extends Number ? number
  : T extends Boolean ? boolean
  : T extends (

      | ReadonlyMap<unknown, unknown>
      | ReadonlySet<unknown>
      | WeakMap<WeakKey, unknown>
      | WeakSet<WeakKey>
      | RegExp
      | Promise<unknown>
  ) ?
    Record<never, never>
  : T extends Bytes ? Record<string, number>
  : T extends readonly unknown[] ? JsonArray<T>
  : T extends object ? JsonObject<T>
  : never;

/** What JSON leaves out of objects, and writes as null in arrays. */
type Left = undefined | symbol | ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

type Bytes =
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** A mapped type over an array or tuple keeps its form, names and optional places included. */
type JsonArray<T extends readonly unknown[]> = { [Index in keyof T]: JsonItem<T[Index]> };

type JsonItem<T> =
  unknown extends T ? T
  : T extends Left ? null
  : Json<T>;

/** Remapping by `as` keeps `readonly` and `?`. A key that is there for some values only becomes optional. */
type JsonObject<T extends object> = Flat<
  { [Key in keyof T as IsSure<T, Key> extends true ? Key : never]: Json<T[Key]> } & {
    [Key in keyof T as IsMaybe<T, Key> extends true ? Key : never]?: JsonMaybe<T[Key]>;
  }
>;

type JsonMaybe<T> =
  unknown extends T ? T
  : T extends Left ? never
  : Json<T>;

type IsSure<T, Key extends keyof T> =
  Key extends symbol ? false
  : unknown extends T[Key] ?
    IsOptional<T, Key> extends true ?
      false
    : true
  : Extract<T[Key], Left> extends never ? true
  : false;

type IsMaybe<T, Key extends keyof T> =
  Key extends symbol ? false
  : IsSure<T, Key> extends true ? false
  : unknown extends T[Key] ? true
  : Exclude<T[Key], Left> extends never ? false
  : true;

type IsOptional<T, Key extends keyof T> = Record<never, never> extends Pick<T, Key> ? true : false;

type Flat<T> = { [Key in keyof T]: T[Key] };
