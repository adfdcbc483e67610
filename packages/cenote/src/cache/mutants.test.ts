/**
 * Each safeguard, taken away: the scenario that proves its rule must then see what it guards against. A mutant that no
 * scenario notices would mean that the tests prove nothing. Nothing here ships.
 */
// oxlint-disable typescript/unbound-method -- what a patch replaces is called with its own `this`
import { afterEach, describe, expect, test, vi } from 'vitest';

import type { LocalData } from '../store/memory/local-data.js';
import { text, type Operation, type OperationCall, type Reply } from '../store/operation.js';
import type { Store } from '../store/store.js';
import { FaultyStore } from '../testing/faulty-store.js';
import { Acknowledged } from './acknowledged.js';
import { encodeEntry, parseEntry, peekHead, randomId } from './entry.js';
import { Flight, type Outcome } from './flight.js';
import { Flights } from './flights.js';
import { Names } from './key.js';
import { Lease } from './lease.js';
import { Captures } from './load.js';
import { Pending } from './pending.js';
import * as scenario from './scenarios.fixture.js';
import { Unleased } from './unleased.js';
import { memoryWorld, type World } from './world.fixture.js';

afterEach(() => void vi.restoreAllMocks());

interface Mutant {
  readonly without: string;
  readonly tamper?: (store: Store) => Store;
  readonly patch?: () => void;
  readonly seen: Seen;
}

/** What a scenario shows of the engine as it is, and of the mutant. */
interface Seen {
  readonly play: (world: World) => Promise<string>;
  readonly good: string;
  readonly bad: string;
}

const sees = (play: Seen['play'], good = 'fresh', bad = 'stale'): Seen => ({ play, good, bad });

const mutants: readonly Mutant[] = [
  {
    without: 'the lease check of a fill',
    tamper: calling('write', (call) => ({
      ...call,
      args: call.args.map((arg, place) => (place % 4 === 0 ? '' : arg)),
    })),
    seen: sees((world) => scenario.lateFill(world, 'del', 'elsewhere')),
  },
  ...(['del', 'delMultiple', 'pattern', 'clear'] as const).map((way) => ({
    without: `the voiding of leases by ${way}`,
    tamper: calling('remove', withoutLeases),
    seen: sees((world: World) => scenario.lateFill(world, way, 'elsewhere')),
  })),
  ...(['set', 'setMany'] as const).map((way) => ({
    without: `the voiding of leases by ${way}`,
    tamper: calling('write', (call) => (text(call.args[0]) === '' ? withoutLeases(call) : call)),
    seen: sees((world: World) => scenario.lateFill(world, way, 'elsewhere')),
  })),
  ...(['del', 'pattern', 'tag'] as const).map((way) => ({
    without: `the question before joining, after ${way}`,
    patch: () => vi.spyOn(Flight.prototype, 'mayJoin').mockResolvedValue(true),
    seen: sees((world: World) => scenario.joinDoomed(world, way, 'elsewhere')),
  })),
  {
    without: 'the question before joining, in batches',
    patch: () => vi.spyOn(Flight.prototype, 'mayJoin').mockResolvedValue(true),
    seen: sees((world) => scenario.joinDoomedBatch(world, 'del', 'elsewhere')),
  },
  {
    without: 'the question before joining, for a refresh behind a stale value',
    patch: () => vi.spyOn(Flight.prototype, 'mayJoin').mockResolvedValue(true),
    seen: sees((world) => scenario.refreshDoomed(world, 'del', 'elsewhere')),
  },
  {
    without: 'the tags in the question before joining',
    patch() {
      const { isHeld } = Lease.prototype;
      vi.spyOn(Lease.prototype, 'isHeld').mockImplementation(function (this: Lease) {
        const versions = [...this.versions];
        this.versions.clear();
        const answer = isHeld.call(this);
        for (const [key, version] of versions) this.versions.set(key, version);
        return answer;
      });
    },
    seen: sees((world) => scenario.joinDoomed(world, 'tag', 'elsewhere')),
  },
  {
    without: 'the epoch in the question before joining',
    patch() {
      const { isHeld } = Lease.prototype;
      vi.spyOn(Lease.prototype, 'isHeld').mockImplementation(function (this: Lease) {
        return isHeld.call(Object.assign(this, { epoch: 'another' }));
      });
    },
    seen: sees(scenario.joinAcrossFailover),
  },
  {
    without: 'the capture of tag versions before the load',
    tamper: calling('write', captureNow),
    seen: sees(scenario.tagDuringLoad),
  },
  {
    without: 'the second look of those who shared a load whose tags came too late',
    patch() {
      const { share } = Flight.prototype;
      vi.spyOn(Flight.prototype, 'share').mockImplementation(async function (this: Flight, signal) {
        return { ...(await share.call(this, signal)), isLate: false } as Outcome;
      });
    },
    seen: sees(scenario.lateTagShared),
  },
  {
    without: 'the refusal of tags that were named too late',
    patch() {
      const { add } = Captures.prototype;
      vi.spyOn(Captures.prototype, 'add').mockImplementation(function (this: Captures, tags) {
        return this.during(() => add.call(this, tags));
      });
    },
    seen: sees(scenario.lateTag),
  },
  ...(['tag', 'damage', 'epoch'] as const).map((why) => ({
    without: `the name of the entry that was rejected for its ${why}`,
    tamper: calling('acquire', (call) => ({ ...call, args: call.args.with(3, '') })),
    seen: sees((world: World) => scenario.rejectedEntry(world, why), 'replaced', 'in the way'),
  })),
  {
    without: 'the look at the value when a lease is asked for',
    tamper: calling('acquire', (call) => ({ ...call, keys: call.keys.with(0, 'nowhere') })),
    seen: sees(scenario.entryAppears, 'shared', 'loaded again'),
  },
  { without: 'the checksum', tamper: mendChecksums, seen: sees(scenario.flippedDigit, 'refused', 'served') },
  ...(['del', 'pattern', 'tag'] as const).map((way) => ({
    without: `the bypass of what a kept ${way} means`,
    patch() {
      vi.spyOn(Pending.prototype, 'coversKey').mockReturnValue(false);
      vi.spyOn(Pending.prototype, 'coversTags').mockReturnValue(false);
    },
    seen: sees((world: World) => scenario.keptInvalidation(world, way)),
  })),
  {
    without: 'the distrust of reads that were under way during a replay',
    patch: () => vi.spyOn(Pending.prototype, 'releases', 'get').mockReturnValue(0),
    seen: sees((world) => scenario.readAcrossReplay(world, 'carried tag')),
  },
  {
    without: 'the doom of loads under a tag whose invalidation is kept',
    patch: () => vi.spyOn(Flights.prototype, 'doomTagged').mockReturnValue(undefined),
    seen: sees(scenario.joinUnderKeptTag),
  },
  ...(
    [
      ['del', 'remove'],
      ['tag', 'retire'],
    ] as const
  ).map(([way, operation]) => ({
    without: `the replay of a kept ${way}`,
    tamper: replying(operation, (_data, { keys }) => keys.map(() => '')),
    seen: sees((world: World) => scenario.replayed(world, way)),
  })),
  {
    without: 'the replay of a kept pattern',
    tamper: scanning(() => false),
    seen: sees((world) => scenario.replayed(world, 'pattern')),
  },
  ...(['del', 'pattern', 'tag'] as const).map((way) => ({
    without: `the second telling of a ${way} that was lost by a failover`,
    patch: forgetful,
    seen: sees((world: World) => scenario.lostByFailover(world, way)),
  })),
  ...(['del', 'pattern', 'tag'] as const).map((way) => ({
    without: `the second telling of a ${way} that a value escaped on another server`,
    patch: forgetful,
    seen: sees((world: World) => scenario.splitBrain(world, way, 'value')),
  })),
  ...(['del', 'pattern', 'tag'] as const).map((way) => ({
    without: `the second telling of a ${way} that a load escaped on another server`,
    patch: forgetful,
    seen: sees((world: World) => scenario.splitBrain(world, way, 'load')),
  })),
  {
    without: 'the second start of a pattern amid which another server took over',
    patch: () => vi.spyOn(Pending.prototype, 'addPattern').mockReturnValue(undefined),
    seen: sees(scenario.patternAcrossFailover),
  },
  {
    without: 'the deletion that a set becomes when it is not acknowledged',
    patch: () => vi.spyOn(Pending.prototype, 'addKey').mockReturnValue(undefined),
    seen: sees(scenario.unacknowledgedSet),
  },
  {
    without: 'the epoch of entries',
    patch: () => vi.spyOn(FaultyStore.prototype, 'epoch', 'get').mockReturnValue('same'),
    seen: sees(scenario.failover),
  },
  {
    without: 'the hold of a key that settles',
    tamper: calling('remove', withoutSettle),
    seen: sees((world) => scenario.laggingSource(world, 'del')),
  },
  {
    without: 'the hold of a tag that settles',
    tamper: calling('retire', withoutSettle),
    seen: sees((world) => scenario.laggingSource(world, 'tag')),
  },
  ...(['by the invalidation', 'by the removed entry'] as const).map((said) => ({
    without: `the floor under versions, said ${said}`,
    tamper: calling('write', withoutVersions),
    seen: sees((world: World) => scenario.laggingVersion(world, said)),
  })),
  {
    without: 'the fence of versions',
    tamper: calling('write', withoutVersions),
    seen: sees(scenario.olderVersionLast),
  },
  {
    without: 'the first pass of a pattern',
    tamper: scanning((pattern) => !pattern.includes('lease:')),
    seen: sees((world) => scenario.lateFill(world, 'pattern', 'elsewhere')),
  },
  {
    without: 'the second pass of a pattern',
    tamper: scanning((pattern) => pattern.includes('lease:')),
    seen: sees(scenario.fillBetweenPasses),
  },
  {
    without: 'the rule that unleased callers share only the next load',
    patch() {
      const running = new Map<string, Promise<unknown>>();
      vi.spyOn(Unleased.prototype, 'run').mockImplementation(
        (id: string, load: (end: AbortSignal) => Promise<unknown>) => {
          const joined = running.get(id) ?? load(new AbortController().signal).finally(() => running.delete(id));
          running.set(id, joined);
          return joined;
        },
      );
    },
    seen: sees(scenario.joinUnleased),
  },
  {
    without: 'the giving back of a grant that came too late',
    patch: () => vi.spyOn(Lease.prototype, 'release').mockResolvedValue(undefined),
    seen: sees(scenario.lateGrant, 'given back', 'kept'),
  },
];

describe.each(mutants)('$without', ({ tamper, patch, seen: { play, good, bad } }) => {
  test('is there', async () => {
    expect(await play(memoryWorld())).toBe(good);
  });

  test('is missed when it is taken away', async () => {
    patch?.();
    expect(await play(memoryWorld(tamper ? { tamper } : {}))).toBe(bad);
  });
});

/** What was acknowledged is not remembered. */
function forgetful(): void {
  vi.spyOn(Acknowledged.prototype, 'add').mockReturnValue(undefined);
}

type Tamper = (store: Store) => Store;
type Body = (data: LocalData, call: OperationCall) => Reply;

/** A store that differs from another in some of its methods. */
function changed(store: Store, change: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const own: unknown = Reflect.get(name in change ? change : target, name);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
}

/** Swaps the body of an operation. */
function swapping(name: string, change: (body: Body) => Body): Tamper {
  return (store) =>
    changed(store, {
      run: <Input, Output>(operation: Operation<Input, Output>, input: Input) =>
        store.run(operation.name === name ? { ...operation, local: change(operation.local) } : operation, input),
    });
}

/** Swaps what an operation is called with. */
function calling(name: string, change: (call: OperationCall) => OperationCall): Tamper;
function calling(name: string, change: (call: OperationCall, data: LocalData) => OperationCall): Tamper;
function calling(name: string, change: (call: OperationCall, data: LocalData) => OperationCall): Tamper {
  return swapping(name, (body) => (data, call) => body(data, change(call, data)));
}

/** Does nothing but reply. */
function replying(name: string, reply: Body): Tamper {
  return swapping(name, () => reply);
}

/** Scans find nothing but where `isSeen`. */
function scanning(isSeen: (pattern: string) => boolean): Tamper {
  return (store) =>
    changed(store, {
      async *scan(pattern, options) {
        if (isSeen(pattern)) yield* store.scan(pattern, options);
      },
    });
}

function withoutLeases(call: OperationCall): OperationCall {
  return { ...call, keys: call.keys.map((key, place) => (place % 2 === 1 ? 'nowhere' : key)) };
}

function withoutSettle(call: OperationCall): OperationCall {
  return { ...call, args: call.args.with(0, '0') };
}

function withoutVersions(call: OperationCall): OperationCall {
  return { ...call, args: call.args.map((arg, place) => (place % 4 === 3 ? '' : arg)) };
}

/** Gives entries the versions that their tags have when they are stored. */
function captureNow(call: OperationCall, data: LocalData): OperationCall {
  const names = new Names('world');
  const args = call.args.map((arg, place) => {
    if (place % 4 !== 1) return arg;
    const key = call.keys[Math.floor(place / 4) * 2] ?? '';
    const parsed = parseEntry(key, Buffer.from(arg));
    if (parsed.kind !== 'entry' || parsed.head.tags === '') return arg;
    const codes = parsed.head.tags.split(',').map((pair) => pair.slice(0, pair.indexOf('=')));
    const tags = codes.map((code) => {
      const tag = names.tag(code);
      const version = data.get(tag)?.toString() ?? `${parsed.head.epoch}.${randomId()}`;
      data.set(tag, version);
      return `${code}=${version}`;
    });
    const { id, freshUntil, grace, epoch, version, encoding, cost } = parsed.head;
    const head = { id, freshUntil, grace, epoch, version, encoding, cost, tags: tags.join() };
    return encodeEntry(key, head, Buffer.from(arg).subarray(parsed.payloadAt));
  });
  return { ...call, args };
}

/** Hands out every entry with the checksum that fits it. */
function mendChecksums(store: Store): Store {
  return changed(store, {
    async readOne(key, options) {
      const bytes = await store.readOne(key, options);
      const head = bytes && peekHead(bytes);
      return head ? encodeEntry(key, head, bytes.subarray(bytes.indexOf('\n') + 1)) : bytes;
    },
  });
}
