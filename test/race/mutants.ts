/**
 * The safeguards, each taken out by hand. A run that does not notice proves nothing, so `npm run race:mutants` plays each
 * of these until it is caught. They live in the servers of a run, patched from outside; nothing of them is in the library.
 */
import zlib from 'node:zlib';
// oxlint-disable typescript/unbound-method -- methods are taken off to be called with their own `this` again
import { syncBuiltinESMExports } from 'node:module';

import type { CallOptions, Operation, Reply } from 'cenote';

import { encodeEntry, parseEntry } from '../../packages/cenote/src/cache/entry.js';
import { Flight } from '../../packages/cenote/src/cache/flight.js';
import { Names } from '../../packages/cenote/src/cache/key.js';
import { Near } from '../../packages/cenote/src/cache/near/near.js';
import { capture, type WriteInput } from '../../packages/cenote/src/cache/operations/index.js';
import { Pending } from '../../packages/cenote/src/cache/pending.js';
import { freshVersions, tagPairs, tagsOfHead } from '../../packages/cenote/src/cache/tags.js';
import { Unleased } from '../../packages/cenote/src/cache/unleased.js';
import { RedisStore } from '../../packages/cenote/src/store/redis/redis-store.js';
import { GivenClock } from './clocks.js';
import type { Fault, Kind } from './kinds.js';
import { prefix } from './shelf.js';

export interface Mutant {
  /** What the library does and this mutant does not. */
  readonly safeguard: string;
  /** Where it shows. */
  readonly kind: Kind;
  readonly processes: number;
  readonly faults: readonly Fault[];
  /** Whether caches have a memory tier. */
  readonly near?: boolean;
  apply(): void;
}

export const mutants: Readonly<Record<string, Mutant>> = {
  'fill-without-lease': {
    safeguard: 'a fill is refused when its lease has been voided',
    ...calm('keys'),
    apply: () => patchLua('write', "token ~= '' and held ~= token", 'false'),
  },
  'del-keeps-leases': {
    safeguard: 'del voids the lease of a load under way',
    ...calm('keys'),
    apply: () =>
      patchLua('remove', "if held and held ~= 'hold' then", "if held and held ~= 'hold' and ARGV[2] == 'ours' then"),
  },
  'pattern-keeps-leases': {
    safeguard: 'a pattern voids the leases of loads under way',
    ...calm('patterns'),
    apply: () =>
      patchLua('remove', "if held and held ~= 'hold' then", "if held and held ~= 'hold' and ARGV[2] == 'any' then"),
  },
  'pattern-in-one-pass': {
    safeguard: 'a pattern voids all leases before it removes values',
    ...calm('patterns'),
    apply: scanOnce,
  },
  'join-without-asking': {
    safeguard: 'joining a load under way needs the word of the store, given after the caller arrived',
    ...calm('keys'),
    apply() {
      Flight.prototype.mayJoin = function (this: Flight) {
        return Promise.resolve(!this.isDoomed && !this.isAbandoned);
      };
    },
  },
  'tags-captured-late': {
    safeguard: 'the versions of tags are captured before the loader reads',
    ...calm('tags'),
    apply: captureAtFill,
  },
  'no-checksum': {
    safeguard: 'an entry is served only if its checksum matches',
    kind: 'keys',
    processes: 1,
    faults: ['damage'],
    apply() {
      zlib.crc32 = () => 0;
      syncBuiltinESMExports();
    },
  },
  'kept-not-bypassed': {
    safeguard: 'what a kept invalidation means is not read from the store',
    kind: 'mixed',
    processes: 1,
    faults: ['refusals'],
    apply() {
      Pending.prototype.coversKey = () => false;
      Pending.prototype.coversTags = () => false;
    },
  },
  'kept-not-replayed': {
    safeguard: 'a kept invalidation is sent again until the store takes it',
    kind: 'keys',
    processes: 1,
    faults: ['refusals'],
    apply: forgetKept,
  },
  'unleased-loads-joined': {
    safeguard: 'without the word of the store callers share the next load, not the running one',
    kind: 'keys',
    processes: 1,
    faults: ['restarts'],
    apply: joinUnleased,
  },
  'epoch-ignored': {
    safeguard: 'entries of a server that was restarted from a snapshot are not trusted',
    kind: 'keys',
    processes: 1,
    faults: ['restarts'],
    apply() {
      const epoch = Object.getOwnPropertyDescriptor(RedisStore.prototype, 'epoch')?.get;
      if (!epoch) throw new Error('the store has no epoch to ignore');
      Object.defineProperty(RedisStore.prototype, 'epoch', {
        get(this: RedisStore) {
          return epoch.call(this) === undefined ? undefined : 'always';
        },
      });
    },
  },
  'near-without-ticket': {
    safeguard: 'memory keeps what a read brought only if nothing has changed since it was sent',
    ...near('mixed'),
    apply() {
      const { put } = Near.prototype;
      Near.prototype.put = function (this: Near, ticket, ...rest) {
        for (const tag of ticket.tags) tag.isGood = true;
        put.call(this, Object.assign(ticket, { isValid: true }), ...rest);
      };
    },
  },
  'near-deaf-to-tags': {
    safeguard: 'copies in memory die with the tags that they carry',
    ...near('tags'),
    apply: () => (Near.prototype.forgetTag = () => undefined),
  },
  'near-deaf-to-keys': {
    safeguard: 'copies in memory go when the feed says that their key has changed',
    ...near('keys'),
    apply() {
      const names = new Names(prefix);
      const { changed } = Near.prototype;
      Near.prototype.changed = function (this: Near, stored) {
        if (names.raw(stored) === undefined) changed.call(this, stored);
      };
    },
  },
  'near-keeps-when-lost': {
    safeguard: 'memory is emptied when the feed of changes is lost',
    ...near('keys', 'cuts'),
    apply: () => (Near.prototype.lost = () => undefined),
  },
  'near-without-heartbeat': {
    safeguard: 'memory is served only while a heartbeat has been answered within the bound',
    ...near('keys', 'blackholes'),
    apply() {
      const { watch } = RedisStore.prototype;
      RedisStore.prototype.watch = function (this: RedisStore, ...args) {
        const { stop } = watch.apply(this, args);
        return { aliveAt: Infinity, stop };
      };
    },
  },
  'near-looks-once': {
    safeguard: 'the clock is looked at anew in each turn of the event loop: the process may have been frozen before it',
    ...near('keys', 'freezes'),
    apply: endlessTurn,
  },
  'near-trusts-sleep': {
    safeguard:
      'memory is not trusted when the clocks disagree about how much time has passed: the machine may have slept',
    ...near('keys', 'suspensions'),
    apply() {
      const start = Date.now();
      GivenClock.prototype.now = function (this: GivenClock) {
        return start + this.monotonic();
      };
    },
  },
  'near-keeps-its-own': {
    safeguard: 'this process invalidates its own memory, whether the store could be told or not',
    ...near('mixed', 'refusals'),
    apply() {
      const names = new Names(prefix);
      const { forget, forgetTag } = Near.prototype;
      Near.prototype.changed = function (this: Near, stored) {
        const raw = names.raw(stored);
        if (raw === undefined) forgetTag.call(this, stored);
        else forget.call(this, raw);
      };
      Near.prototype.forget = Near.prototype.forgetTag = () => undefined;
    },
  },
  'near-forgets-once': {
    safeguard:
      'this process invalidates its own memory again when the store has answered: reads may have filled it since',
    ...near('keys', 'refusals'),
    apply() {
      const names = new Names(prefix);
      const { changed, forget } = Near.prototype;
      Near.prototype.changed = function (this: Near, stored) {
        const raw = names.raw(stored);
        if (raw === undefined) changed.call(this, stored);
        else forget.call(this, raw);
      };
      const asked = new Set<string>();
      Near.prototype.forget = function (this: Near, raw) {
        if (asked.delete(raw)) return;
        asked.add(raw);
        forget.call(this, raw);
      };
    },
  },
};

export const mutantNames = Object.keys(mutants);

/** Takes a safeguard out of this process. */
export function applyMutant(name: string): void {
  const mutant = mutants[name];
  if (!mutant) throw new Error(`there is no mutant ${name}`);
  mutant.apply();
}

/** Shows between processes with a memory tier, in fine weather or under faults. */
function near(kind: Kind, ...faults: Fault[]): Pick<Mutant, 'kind' | 'processes' | 'faults' | 'near'> {
  return { kind, processes: 2, faults, near: true };
}

/** Shows in fine weather. One process has two caches, each with a connection of its own. */
function calm(kind: Kind): Pick<Mutant, 'kind' | 'processes' | 'faults'> {
  return { kind, processes: 1, faults: [] };
}

/** Whoever waits for the end of a turn of the event loop to look at the clock again waits for ever. */
function endlessTurn(): void {
  const { setImmediate } = globalThis;
  const patched = (run: () => void): NodeJS.Immediate =>
    setImmediate(String(run).includes('#credit') ? () => undefined : run);
  globalThis.setImmediate = patched as typeof globalThis.setImmediate;
}

type Run = <Input, Output>(operation: Operation<Input, Output>, input: Input, options?: CallOptions) => Promise<Output>;

/** Puts something between caches and the store's operations. */
function aroundRun(around: (run: Run) => Run): void {
  const original = RedisStore.prototype.run;
  RedisStore.prototype.run = function (this: RedisStore, operation, input, options) {
    return around((...args) => original.apply(this, args as never) as never)(operation, input, options);
  };
}

/** Runs an operation with other Lua. @throws Error when the Lua no longer holds what is to be replaced. */
function patchLua(name: string, part: string, replacement: string): void {
  const patched = new Map<string, Operation<never, unknown>>();
  aroundRun((run) => (operation, input, options) => {
    if (operation.name !== name) return run(operation, input, options);
    if (!operation.lua.includes(part)) throw new Error(`the Lua of ${name} does not hold: ${part}`);
    const mutant = (patched.get(name) ?? {
      ...operation,
      lua: operation.lua.replace(part, replacement),
    }) as typeof operation;
    patched.set(name, mutant);
    return run(mutant, input, options);
  });
}

/** One scan over leases and values together, in place of one over each. */
function scanOnce(): void {
  const original = RedisStore.prototype.scan;
  const names = new Names(prefix);
  RedisStore.prototype.scan = async function* (this: RedisStore, pattern, options) {
    if (pattern === `${names.start}lease:*`) return;
    for await (const found of original.call(this, `${names.start}*`, options))
      yield found.map((name) => names.keyOfLease(name) ?? name);
  };
}

/** Writes into each filled entry the versions that its tags have then. */
function captureAtFill(): void {
  const names = new Names(prefix);
  aroundRun((run) => async (operation, input, options) => {
    if (operation.name !== 'write') return run(operation, input, options);
    const late = await Promise.all((input as readonly WriteInput[]).map((write) => withLateTags(run, names, write)));
    return run(operation, late as typeof input, options);
  });
}

async function withLateTags(run: Run, names: Names, write: WriteInput): Promise<WriteInput> {
  const bytes = Buffer.from(write.entry);
  const parsed = parseEntry(write.value, bytes);
  if (parsed.kind !== 'entry' || parsed.head.tags === '') return write;
  const { head, payloadAt } = parsed;
  const tags = tagsOfHead(names, head.tags);
  const keys = tags.map((tag) => tag.key);
  const versions = await run(capture, {
    tags: keys,
    versions: freshVersions(keys.length, head.epoch),
    life: Infinity,
    epoch: head.epoch,
  });
  const pairs = tagPairs(tags, new Map(keys.map((key, index) => [key, versions[index] ?? ''])));
  const { id, freshUntil, grace, epoch, version, encoding, cost } = head;
  const late = { id, freshUntil, grace, epoch, version, encoding, cost, tags: pairs };
  return { ...write, entry: encodeEntry(write.value, late, bytes.subarray(payloadAt)) };
}

/** Replays name no limits for their calls; nothing else that invalidates does so. Here they are taken for sent. */
function forgetKept(): void {
  aroundRun((run) => (operation, input, options) => {
    const isReplay = operation.invalidates && options === undefined;
    return isReplay ? Promise.resolve(operation.decode([] satisfies Reply, input)) : run(operation, input, options);
  });
}

/** Any caller shares the load that runs. */
function joinUnleased(): void {
  const original = Unleased.prototype.run;
  const running = new Map<string, Promise<unknown>>();
  Unleased.prototype.run = function (this: Unleased, id, load, signal) {
    const known = running.get(id) as ReturnType<typeof original<never>> | undefined;
    if (known) return known;
    const loading = original.call(this, id, load, signal).finally(() => running.delete(id));
    running.set(id, loading);
    return loading as never;
  };
}
