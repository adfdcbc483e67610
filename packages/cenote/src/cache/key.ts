import { UsageError } from '../core/errors.js';
import { hashTagOf } from '../core/slot.js';

/** A key as the caller wrote it, and as it is stored. */
export interface Key {
  readonly raw: string;
  readonly stored: string;
}

/**
 * From the keys that callers write (*raw*) to the names in the store, and back.
 *
 *     raw key            user:7            room:{5}:log            odd}{key             100%25
 *     stored, prefix P   P:user:7          P:room:{5}:log          P:odd%7D%7Bkey       P:100%2525
 *     its lease          P:lease:{P:user:7}    P:lease::P:room:{5}:log     …
 *     tag `t`            P:tag:{t}
 *     statistics         P:cache:stats
 *
 * Three rules make the mapping one-to-one, so that no two raw keys share an entry and every name can be read back:
 *
 * 1. Braces stay only when they form exactly one non-empty hash tag; otherwise each becomes `%7B` or `%7D`.
 * 2. A `%` becomes `%25` only where it would read as an escape of ours (before `25`, `7B`, `7D`); `50%` stays as it is.
 * 3. Raw keys whose stored form would be an internal name are refused.
 *
 * A lease shares its entry's slot, so that one script can see both: the key's own hash tag serves it, else the whole key
 * becomes the tag.
 */
export class Names {
  /** What every name of this cache begins with: `P:`, or nothing. */
  readonly start: string;
  /** The hash of statistics. */
  readonly stats: string;
  readonly #leaseStart: string;
  readonly #tagStart: string;

  /** @throws UsageError when the prefix is empty, over 256 bytes, holds braces, glob characters, blanks or controls, or ends in an internal name. */
  constructor(prefix?: string) {
    this.start = prefix === undefined ? '' : `${checkPrefix(prefix)}:`;
    this.stats = `${this.start}cache:stats`;
    this.#leaseStart = `${this.start}lease:`;
    this.#tagStart = `${this.start}tag:{`;
  }

  /** The stored key of a raw key. @throws UsageError for a key that is no text, empty, over 8 KiB, ill-formed or reserved. */
  stored(raw: string, field = 'key'): string {
    const local = encodeKey(checkText(raw, field));
    if (isInternal(local))
      throw new UsageError(
        field,
        raw,
        `must not begin with 'lease:{', 'lease::' or 'tag:{' nor be 'cache:stats': these are reserved`,
      );
    return checkLength(this.start + local, raw, field);
  }

  /** The raw key of a stored one; `undefined` for a name that is not under the prefix, or internal. */
  raw(stored: string): string | undefined {
    if (!stored.startsWith(this.start) || stored.length === this.start.length) return undefined;
    const local = stored.slice(this.start.length);
    return isInternal(local) ? undefined : decodeKey(local);
  }

  /** The lease of a stored key, in its slot. */
  lease(stored: string): string {
    return hashTagOf(stored) === undefined ? `${this.#leaseStart}{${stored}}` : `${this.#leaseStart}:${stored}`;
  }

  /** The stored key that a lease belongs to; `undefined` when the name is not one that `lease` gives. */
  keyOfLease(name: string): string | undefined {
    if (!name.startsWith(this.#leaseStart)) return undefined;
    const rest = name.slice(this.#leaseStart.length);
    const stored = rest.startsWith('{') ? rest.slice(1, -1) : rest.slice(1);
    return this.lease(stored) === name ? stored : undefined;
  }

  /** The key that holds a tag's version. @throws UsageError for a tag that is no text, empty, over 8 KiB or ill-formed. */
  tag(name: string, field = 'tag'): string {
    return checkLength(`${this.#tagStart}${encodeAll(checkText(name, field))}}`, name, field);
  }
}

/** Keys may be this long, in bytes, prefix included. */
export const maximumKeyBytes = 8 * 1024;

const maximumPrefixBytes = 256;
const oneHashTag = /^[^{}]*\{[^{}]+\}[^{}]*$/;
const escapes: Readonly<Record<string, string>> = { '{': '%7B', '}': '%7D', '%7B': '{', '%7D': '}', '%25': '%' };

/** True when every surrogate in the text has its partner, so that its UTF-8 form can be read back. */
export function isWellFormed(text: string): boolean {
  // In every Node that is supported, but not in the ES2023 types.
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** Checks a text that is to become a key, a tag or a pattern. */
export function checkText(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw new UsageError(field, value, 'must be a non-empty text');
  // Before any regular expression runs over it: a hostile megabyte is refused by its length alone.
  if (value.length > maximumKeyBytes) throw tooLong(value, field);
  if (!isWellFormed(value))
    throw new UsageError(field, value, 'must be well-formed text (it holds half of a surrogate pair)');
  return value;
}

function checkLength(name: string, value: string, field: string): string {
  if (name.length * 3 > maximumKeyBytes && Buffer.byteLength(name) > maximumKeyBytes) throw tooLong(value, field);
  return name;
}

function tooLong(value: string, field: string): UsageError {
  return new UsageError(field, value, `must take at most ${maximumKeyBytes} bytes, prefix included`);
}

function checkPrefix(value: unknown): string {
  const prefix = checkText(value, 'prefix');
  // oxlint-disable-next-line no-control-regex -- controls are what is looked for
  if (/[{}*?[\]\\\s\u0000-\u001f\u007f-\u009f]/.test(prefix)) {
    throw new UsageError(
      'prefix',
      prefix,
      "must not hold braces, glob characters ('*', '?', '[', ']', '\\'), blanks or control characters",
    );
  }
  // Such a cache could write the internal names of the cache whose prefix is what stands before.
  if (/(?:^|:)(?:lease|tag|cache):*$/.test(prefix))
    throw new UsageError('prefix', prefix, "must not end in 'lease', 'tag' or 'cache': these name internal keys");
  if (Buffer.byteLength(prefix) > maximumPrefixBytes)
    throw new UsageError('prefix', prefix, `must take at most ${maximumPrefixBytes} bytes`);
  return prefix;
}

function isInternal(local: string): boolean {
  return (
    local.startsWith('lease:{') || local.startsWith('lease::') || local.startsWith('tag:{') || local === 'cache:stats'
  );
}

function encodeKey(raw: string): string {
  if (!raw.includes('{') && !raw.includes('}') && !raw.includes('%')) return raw;
  return oneHashTag.test(raw) ? encodePercent(raw) : encodeAll(raw);
}

function encodePercent(text: string): string {
  return text.replace(/%(?=25|7B|7D)/g, '%25');
}

function encodeAll(text: string): string {
  return encodePercent(text).replace(/[{}]/g, (brace) => escapes[brace] as string);
}

function decodeKey(local: string): string {
  return local.includes('%') ?
      local.replace(/%(?:25(?=25|7B|7D)|7B|7D)/g, (escape) => escapes[escape] as string)
    : local;
}
