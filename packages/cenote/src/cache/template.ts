import { UsageError } from '../core/errors.js';
import { checkText, isWellFormed, maximumKeyBytes } from './key.js';

/** What a parameter of a key may be. `7` and `'7'` make the same key. */
export type Param = string | number | bigint | boolean;

/** The placeholders of a template, as a union: `'userId'` for `'user:profile:{userId}'`. `string` when it is no literal. */
export type ParamName<Template extends string> = string extends Template ? string : NameIn<Template>;

type NameIn<Template extends string, Found extends string = never> =
  Template extends `${string}{${infer Rest}` ?
    Rest extends `{${infer Name}}}${infer Tail}` ? NameIn<Tail, Found | Name>
    : Rest extends `${infer Name}}${infer Tail}` ? NameIn<Tail, Found | Name>
    : Found
  : Found;

/** The parameters of a template: `{ userId: Param }` for `'user:profile:{userId}'`. */
export type ParamsOf<Template extends string> = { readonly [Name in ParamName<Template>]: Param };

/** The leading arguments of a method: the parameters, or nothing where the template has none. */
export type ParamArguments<Template extends string> =
  [ParamName<Template>] extends [never] ? []
  : string extends Template ? [params?: ParamsOf<Template>]
  : [params: ParamsOf<Template>];

/** A template, read and checked once. */
export interface KeyTemplate {
  readonly source: string;
  readonly names: readonly string[];
  /** The placeholder that is also the hash tag, when there is one. */
  readonly hashTag: string | undefined;
  /**
   * The raw key of these parameters. Different parameters never give the same key.
   *
   * @throws UsageError naming the placeholder that is missing, unknown, or holds a value that cannot be in a key.
   */
  key(params: Readonly<Record<string, Param>> | undefined): string;
  /** The same, when the parameters are written in the template's order; `undefined` for whatever `key` must look at. */
  quickKey(params: Readonly<Record<string, Param>> | undefined): string | undefined;
}

/**
 * Reads a template: text with placeholders `{name}`, of which one may be the hash tag, written `{{name}}`.
 *
 * Values are put in percent-encoded, all but letters, digits and `-._~`, and of these too the ones that stand next to the
 * placeholder. So the text after a placeholder ends its value, whatever that holds: keys can be read in one way only.
 *
 * @param revision of 2 or more stands at the end of each key, as in `user:7@2`.
 * @throws UsageError for a template that breaks a rule; the message says which.
 */
export function parseTemplate(source: string, revision = 1): KeyTemplate {
  const { texts, names, hashTag } = split(checkText(source, 'template'));
  checkNames(source, names);
  texts.forEach((text, index) => checkLiteral(source, text, index > 0 && index < names.length));
  const tail = (texts.at(-1) as string) + (checkRevision(revision) > 1 ? `@${revision}` : '');
  const slots = names.map((name, index) =>
    slot(name, texts[index] as string, texts[index + 1] as string, name === hashTag),
  );
  return Object.freeze({
    source,
    names: Object.freeze(names),
    hashTag,
    quickKey(params: Readonly<Record<string, Param>> | undefined) {
      const start = inOrder(params, slots);
      return start === undefined ? undefined : start + tail;
    },
    key(params: Readonly<Record<string, Param>> | undefined) {
      if (!hasExactly(params, names)) throw mismatch(source, params, names);
      let key = '';
      for (const place of slots) key += place.text + write(place, params[place.name]);
      return key + tail;
    },
  });
}

/**
 * The tag of a group: of all entries of a keyspace, or of those with one value of one parameter. `?` cannot stand in a
 * template, so no two groups share a tag. It has no revision: while two revisions run side by side, what one of them
 * invalidates is invalid for the other.
 */
export function groupTag(template: string, name?: string, value?: unknown): string {
  return name === undefined ?
      `group:${template}`
    : `group:${template}?${name}=${encodeParam(value, `group.${name}`, safe)}`;
}

/** A placeholder and the text before it. */
interface Slot {
  readonly text: string;
  readonly name: string;
  readonly field: string;
  /** The characters that its values may hold as they are. */
  readonly allowed: Uint8Array;
  readonly isHashTag: boolean;
}

interface Split {
  readonly texts: string[];
  readonly names: string[];
  readonly hashTag: string | undefined;
}

const placeholder = /\{\{([^{}]*)\}\}|\{([^{}]*)\}/g;
const identifier = /^[A-Za-z_$][\w$]*$/;
const reservedNames = new Set(['__proto__', 'all']);

/** For each ASCII character, whether a value may hold it as it is. */
const safe = Uint8Array.from({ length: 128 }, (_, code) => (/[A-Za-z0-9._~-]/.test(String.fromCharCode(code)) ? 1 : 0));

function split(source: string): Split {
  const texts = [''];
  const names: string[] = [];
  const tags: string[] = [];
  let from = 0;
  for (const match of source.matchAll(placeholder)) {
    const tag = match[1];
    texts[texts.length - 1] += literal(source, from, match.index) + (tag === undefined ? '' : '{');
    texts.push(tag === undefined ? '' : '}');
    names.push(tag ?? (match[2] as string));
    if (tag !== undefined) tags.push(tag);
    from = match.index + match[0].length;
  }
  texts[texts.length - 1] += literal(source, from, source.length);
  if (tags.length > 1) throw new UsageError('template', source, 'must have at most one hash tag {{…}}');
  return { texts, names, hashTag: tags[0] };
}

function literal(source: string, from: number, to: number): string {
  const text = source.slice(from, to);
  if (/[{}]/.test(text))
    throw new UsageError('template', source, 'must have balanced braces, around names only: {name} or {{name}}');
  return text;
}

function checkNames(source: string, names: readonly string[]): void {
  for (const [index, name] of names.entries()) {
    if (!identifier.test(name))
      throw new UsageError('template', source, `must have placeholders that are identifiers, and '${name}' is not one`);
    if (reservedNames.has(name))
      throw new UsageError('template', source, `must not have a placeholder named '${name}', which is reserved`);
    if (names.indexOf(name) !== index)
      throw new UsageError('template', source, `must have each placeholder once, and '${name}' stands twice`);
  }
}

function checkLiteral(source: string, text: string, isBetween: boolean): void {
  // oxlint-disable-next-line no-control-regex -- controls are what is looked for
  const forbidden = /[*?[\]\\%@\s\u0000-\u001f\u007f-\u009f]/.exec(text);
  if (forbidden)
    throw new UsageError(
      'template',
      source,
      `must not hold ${JSON.stringify(forbidden[0])}: no glob characters, '%', '@', blanks or control characters`,
    );
  if (isBetween && /^[A-Za-z0-9]?$/.test(text.slice(0, 1))) {
    throw new UsageError(
      'template',
      source,
      'must have a separator after each placeholder that another one follows: no letter or digit, which could belong to the value',
    );
  }
}

function checkRevision(revision: number): number {
  if (!Number.isSafeInteger(revision) || revision < 1)
    throw new UsageError('revision', revision, 'must be a whole number from 1');
  return revision;
}

function slot(name: string, text: string, next: string, isHashTag: boolean): Slot {
  return { text, name, field: `params.${name}`, allowed: without(text.at(-1), next.at(0)), isHashTag };
}

function write({ field, allowed, isHashTag }: Slot, value: unknown): string {
  const text = encodeParam(value, field, allowed);
  return isHashTag ? checkHashTag(text, field) : text;
}

function without(...neighbours: readonly (string | undefined)[]): Uint8Array {
  const unsafe = neighbours.filter((neighbour) => neighbour !== undefined && /[._~-]/.test(neighbour));
  if (unsafe.length === 0) return safe;
  const table = safe.slice();
  for (const neighbour of unsafe) table[(neighbour as string).charCodeAt(0)] = 0;
  return table;
}

function checkHashTag(text: string, field: string): string {
  if (text === '') throw new UsageError(field, text, "must not be empty: it is the key's hash tag");
  return text;
}

function encodeParam(value: unknown, field: string, allowed: Uint8Array): string {
  // Digits are safe beside everything.
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  const text = typeof value === 'string' ? value : textOf(value, field);
  for (let at = 0; at < text.length; at++) {
    if (allowed[text.charCodeAt(at)] !== 1) return percentEncode(text, field, allowed);
  }
  return text;
}

function textOf(value: unknown, field: string): string {
  if (Number.isFinite(value) || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  throw new UsageError(field, value, 'must be a text, a finite number, a bigint or a boolean');
}

function percentEncode(text: string, field: string, allowed: Uint8Array): string {
  if (text.length > maximumKeyBytes) throw new UsageError(field, text, `must take at most ${maximumKeyBytes} bytes`);
  if (!isWellFormed(text))
    throw new UsageError(field, text, 'must be well-formed text (it holds half of a surrogate pair)');
  let encoded = '';
  for (const byte of Buffer.from(text))
    encoded += allowed[byte] === 1 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return encoded;
}

/**
 * What stands before the tail, when the parameters are there in the template's order, as they mostly are: one round over
 * them instead of one to count, one to find and one to read. `undefined` for whatever needs a closer look.
 */
function inOrder(params: Readonly<Record<string, Param>> | undefined, slots: readonly Slot[]): string | undefined {
  let key = '';
  let at = 0;
  for (const name in params) {
    const place = slots[at++];
    // Unlike `Object.hasOwn`, this costs nothing in a loop over the same object's names.
    if (place?.name !== name || !Object.prototype.hasOwnProperty.call(params, name)) return undefined;
    key += place.text + write(place, params[name]);
  }
  return at === slots.length ? key : undefined;
}

function hasExactly(params: unknown, names: readonly string[]): params is Readonly<Record<string, Param>> {
  if (params === undefined) return names.length === 0;
  if (typeof params !== 'object' || params === null) return false;
  let count = 0;
  for (const _ in params) count++;
  if (count !== names.length) return false;
  for (const name of names) if (!Object.hasOwn(params, name)) return false;
  return true;
}

function mismatch(source: string, params: unknown, names: readonly string[]): UsageError {
  if (typeof params !== 'object' || params === null)
    return new UsageError('params', params, `must be an object with ${names.join(', ') || 'nothing in it'}`);
  const missing = names.find((name) => !Object.hasOwn(params, name));
  if (missing !== undefined)
    return new UsageError(`params.${missing}`, undefined, `must be given: it is a placeholder of '${source}'`);
  const extra = Object.keys(params).find((name) => !names.includes(name)) ?? 'inherited properties';
  return new UsageError(
    `params.${extra}`,
    params,
    `is not a placeholder of '${source}', which has ${names.join(', ') || 'none'}`,
  );
}
