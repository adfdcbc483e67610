/**
 * Freezes a value deeply, in place.
 *
 * @returns true when the value holds something that freezing cannot protect (`Date`, `Map`, `Set`, bytes, an instance of
 * a class): such a value must be given out as a copy. O(size).
 */
export function deepFreeze(value: unknown, seen?: Set<object>): boolean {
  return typeof value === 'object' && value !== null && freezeObject(value, seen);
}

/** `deepFreeze` of what JSON makes: plain objects and arrays, none of them twice. Every hit passes here. */
export function freezeJson(value: unknown): void {
  if (typeof value === 'object' && value !== null) freezeTree(value);
}

/** Looks at items before calling itself: calls for plain numbers and texts made a third of its cost. */
function freezeTree(value: object): void {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item === 'object' && item !== null) freezeTree(item);
    }
  } else {
    for (const name in value) {
      const item = (value as Record<string, unknown>)[name];
      if (typeof item === 'object' && item !== null) freezeTree(item);
    }
  }
  Object.freeze(value);
}

function freezeObject(value: object, seen: Set<object> | undefined): boolean {
  if (seen) {
    if (seen.has(value)) return false;
    seen.add(value);
  }
  let mutable = false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item === 'object' && item !== null && freezeObject(item, seen)) mutable = true;
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return true;
    for (const name in value) {
      const item = (value as Record<string, unknown>)[name];
      if (typeof item === 'object' && item !== null && freezeObject(item, seen)) mutable = true;
    }
  }
  Object.freeze(value);
  return mutable;
}
