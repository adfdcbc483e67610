import { createHash } from 'node:crypto';

export interface Script {
  readonly sha: string;
  readonly lua: string;
}

const known = new WeakMap<object, Script>();

/** The script of an operation with its SHA-1, by which the server remembers it; computed once. */
export function scriptOf(operation: { readonly lua: string }): Script {
  let script = known.get(operation);
  if (script === undefined) {
    script = { lua: operation.lua, sha: createHash('sha1').update(operation.lua).digest('hex') };
    known.set(operation, script);
  }
  return script;
}
