import { below, seeded, shuffled, swap, zipf, type Random } from './random.js';

/** One read after another: each the number of a key. */
export type Trace = Uint32Array;

/** A trace and how much of it a cache may hold. `keys` is what the size is a share of. */
export interface Cell {
  readonly family: string;
  readonly name: string;
  /** Share of the keys that fit. */
  readonly size: number;
  readonly keys: number;
  trace(seed: number): Trace;
}

const reads = 500_000;
const keys = 100_000;

type Next = () => number;

/** Reads drawn by a source that is made from a seed. */
function drawn(source: (random: Random) => Next): (seed: number) => Trace {
  return (seed) => {
    const next = source(seeded(seed));
    return Uint32Array.from({ length: reads }, next);
  };
}

/** Unchanging popularity. */
function popular(skew: number, random: Random, count = keys): Next {
  const rank = zipf(count, skew, random);
  const keyOf = shuffled(count, random);
  return () => keyOf[rank()] as number;
}

/** Keys never read before, one after another. */
function fresh(): Next {
  let key = keys;
  return () => key++;
}

/** Popularity, broken into now and then by a walk over keys that nobody else reads: a report, a crawler, a backup. */
function scanned(skew: number, share: number, length: number) {
  return (random: Random): Next => {
    const usual = popular(skew, random);
    const scan = fresh();
    let left = 0;
    return () => {
      if (left === 0 && random() < share / (length * (1 - share))) left = length;
      if (left === 0) return usual();
      left--;
      return scan();
    };
  };
}

/** The same keys in the same order again and again: a job that works through a list. */
function looping(length: number) {
  return (): Next => {
    let at = -1;
    return () => (at = (at + 1) % length);
  };
}

/** Each read from one source or the other. */
function mixed(share: number, one: (random: Random) => Next, other: (random: Random) => Next) {
  return (random: Random): Next => {
    const [a, b] = [one(random), other(random)];
    return () => (random() < share ? a() : b());
  };
}

/** Popularity that moves: every `period` reads `turnover` of the ranks change hands. */
function shifting(skew: number, period: number, turnover: number) {
  return (random: Random): Next => {
    const rank = zipf(keys, skew, random);
    const keyOf = shuffled(keys, random);
    let read = 0;
    return () => {
      if (++read % period === 0) {
        for (let i = 0; i < keys * turnover; i++) swap(keyOf, Math.floor(random() ** 3 * keys), below(keys, random));
      }
      return keyOf[rank()] as number;
    };
  };
}

/**
 * What was read lately is read again: `again` of the reads go back by a distance whose logarithm is even up to `reach`
 * reads, the rest to a key drawn from all.
 */
function recent(again: number, reach: number) {
  return (random: Random): Next => {
    const past = new Uint32Array(reach);
    let read = 0;
    return () => {
      const back = Math.ceil(reach ** random());
      const key = read > reach && random() < again ? (past[(read - back) % reach] as number) : below(keys, random);
      past[read++ % reach] = key;
      return key;
    };
  };
}

/**
 * A web site: visitors come and go, each reading some keys of their own a few times within minutes and never again, while all
 * of them read what is popular, which changes through the day; now and then a crawler walks by.
 */
function site(visitors: number, own: number, crawler: number) {
  return (random: Random): Next => {
    const shared = shifting(0.9, 20_000, 0.002)(random);
    const crawl = fresh();
    let nextKey = 10_000_000;
    const present = Array.from({ length: visitors }, () => ({ keys: 0, first: 0, left: 0 }));
    return () => {
      const kind = random();
      if (kind < crawler) return crawl();
      if (kind > crawler + own) return shared();
      const visitor = present[below(visitors, random)] ?? { keys: 1, first: 0, left: 1 };
      if (visitor.left === 0) {
        visitor.keys = 1 + below(3, random);
        visitor.left = visitor.keys * (2 + below(6, random));
        visitor.first = nextKey;
        nextKey += visitor.keys;
      }
      visitor.left--;
      return visitor.first + below(visitor.keys, random);
    };
  };
}

function family(name: string, variants: readonly (readonly [string, (random: Random) => Next, readonly number[]])[]) {
  return variants.flatMap(([variant, source, sizes]) =>
    sizes.map((size): Cell => ({ family: name, name: variant, size, keys, trace: drawn(source) })),
  );
}

/** Chosen before any policy was tuned on them, and not changed since. */
export const cells: readonly Cell[] = [
  ...family('zipf', [
    ['0.7', (random) => popular(0.7, random), [0.01, 0.1]],
    ['0.9', (random) => popular(0.9, random), [0.001, 0.01, 0.1]],
    ['1.1', (random) => popular(1.1, random), [0.001, 0.01, 0.1]],
  ]),
  ...family('scan', [
    ['0.9, 20 % in 500s', scanned(0.9, 0.2, 500), [0.001, 0.01, 0.1]],
    ['0.9, 50 % in 20,000s', scanned(0.9, 0.5, 20_000), [0.01, 0.1]],
  ]),
  ...family('loop', [
    ['over 12,000', looping(12_000), [0.05, 0.1]],
    ['over 5,000, half zipf', mixed(0.5, looping(5_000), (random) => popular(0.9, random)), [0.01, 0.05]],
  ]),
  ...family('shift', [
    ['0.9, slow', shifting(0.9, 5_000, 0.005), [0.01, 0.1]],
    ['0.9, fast', shifting(0.9, 5_000, 0.05), [0.01, 0.1]],
    ['1.1, sudden', shifting(1.1, 100_000, 1), [0.01, 0.1]],
  ]),
  ...family('recency', [
    ['80 % within 2,000', recent(0.8, 2_000), [0.001, 0.01]],
    ['70 % within 50,000', recent(0.7, 50_000), [0.001, 0.01, 0.1]],
  ]),
  ...family('site', [
    ['300 visitors', site(300, 0.4, 0.05), [0.001, 0.01, 0.1]],
    ['3,000 visitors', site(3_000, 0.4, 0.05), [0.01, 0.1]],
  ]),
];
