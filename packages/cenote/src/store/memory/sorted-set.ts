/** A member of a sorted set with its score. */
export type Scored = readonly [member: string, score: number];

/** One end of a range of scores; `'(5'` leaves out the 5 itself, as Redis writes it. */
export type ScoreBound = number | `(${number}`;

/** What an empty set costs, and each member beside its characters: a map slot, a pair, a place. Measured on Node 20. */
const overhead = 320;
const memberOverhead = 144;

/** How many members stand together by default. */
const defaultRun = 512;

/** Where a member stands, or would: in which run, and where in it. */
interface Place {
  readonly run: number;
  readonly index: number;
}

/**
 * Members ordered by score, then bytewise: a map of scores, and the order in runs of at most 512, so that adding one among
 * 100,000 moves some hundreds. Finding a member's place is O(log n), its rank O(n / 512).
 */
export class SortedSet {
  readonly #scores = new Map<string, number>();
  readonly #runs: Scored[][] = [];
  readonly #longestRun: number;
  #bytes = overhead;

  /** @param longestRun is how many members may stand together; a run that grows longer is cut in two. */
  constructor(longestRun = defaultRun) {
    this.#longestRun = longestRun;
  }

  get size(): number {
    return this.#scores.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  score(member: string): number | undefined {
    return this.#scores.get(member);
  }

  /** By how many bytes adding this member would make the set larger. */
  growth(member: string): number {
    return this.#scores.has(member) ? 0 : costOf(member);
  }

  set(member: string, score: number): void {
    this.delete(member);
    this.#insert([member, score]);
    this.#scores.set(member, score);
    this.#bytes += costOf(member);
  }

  delete(member: string): boolean {
    const score = this.#scores.get(member);
    if (score === undefined) return false;
    const { run, index } = this.#placeOf(score, member);
    const members = this.#runs[run] ?? [];
    members.splice(index, 1);
    if (members.length === 0) this.#runs.splice(run, 1);
    this.#scores.delete(member);
    this.#bytes -= costOf(member);
    return true;
  }

  /** Members from rank `start` to rank `stop`, both included; negative ranks count from the end. */
  byRank(start: number, stop: number, reverse: boolean): string[] {
    const from = Math.max(start < 0 ? start + this.size : start, 0);
    const to = Math.min(stop < 0 ? stop + this.size : stop, this.size - 1);
    const found = reverse ? this.#slice(this.size - 1 - to, this.size - from).toReversed() : this.#slice(from, to + 1);
    return found.map(([member]) => member);
  }

  byScore(min: ScoreBound, max: ScoreBound, limit: number, reverse: boolean): Scored[] {
    const from = this.#rankOf(this.#first(isFrom(min)));
    const to = this.#rankOf(this.#first(isBeyond(max)));
    return reverse ?
        this.#slice(Math.max(from, to - limit), to).toReversed()
      : this.#slice(from, Math.min(to, from + limit));
  }

  /** How many have a score from `min` to `max`. */
  count(min: ScoreBound, max: ScoreBound): number {
    return Math.max(this.#rankOf(this.#first(isBeyond(max))) - this.#rankOf(this.#first(isFrom(min))), 0);
  }

  /** The first members behind `after` bytewise, where all scores are the same. */
  behind(after: string | undefined, limit: number): string[] {
    const from = after === undefined ? 0 : this.#rankOf(this.#first(([member]) => compareBytes(member, after) > 0));
    return this.#slice(from, from + limit).map(([member]) => member);
  }

  #insert(scored: Scored): void {
    const { run, index } = this.#placeOf(scored[1], scored[0]);
    // Behind the last of all it joins the last run, rather than begin another.
    const members = this.#runs[run] ?? this.#runs.at(-1);
    if (members === undefined) {
      this.#runs.push([scored]);
      return;
    }
    members.splice(run < this.#runs.length ? index : members.length, 0, scored);
    if (members.length > this.#longestRun)
      this.#runs.splice(this.#runs.indexOf(members) + 1, 0, members.splice(this.#longestRun / 2));
  }

  /** Those of ranks `from` to below `to`. */
  #slice(from: number, to: number): Scored[] {
    const found: Scored[] = [];
    let rank = 0;
    for (const members of this.#runs) {
      if (rank >= to) break;
      if (rank + members.length > from) found.push(...members.slice(Math.max(from - rank, 0), to - rank));
      rank += members.length;
    }
    return found;
  }

  #placeOf(score: number, member: string): Place {
    return this.#first((other) => other[1] > score || (other[1] === score && compareBytes(other[0], member) >= 0));
  }

  /** The first for which `isReached` holds; it holds for all behind it too. */
  #first(isReached: (scored: Scored) => boolean): Place {
    const run = firstIndex(this.#runs, (members) => isReached(members.at(-1) as Scored));
    return { run, index: firstIndex(this.#runs[run] ?? [], isReached) };
  }

  #rankOf({ run, index }: Place): number {
    let rank = index;
    for (let before = 0; before < run; before++) rank += this.#runs[before]?.length ?? 0;
    return rank;
  }
}

function firstIndex<Each>(all: readonly Each[], isReached: (each: Each) => boolean): number {
  let from = 0;
  let to = all.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isReached(all[middle] as Each)) to = middle;
    else from = middle + 1;
  }
  return from;
}

function costOf(member: string): number {
  return member.length + memberOverhead;
}

function isFrom(bound: ScoreBound): (scored: Scored) => boolean {
  if (typeof bound === 'number') return ([, score]) => score >= bound;
  const excluded = Number(bound.slice(1));
  return ([, score]) => score > excluded;
}

function isBeyond(bound: ScoreBound): (scored: Scored) => boolean {
  if (typeof bound === 'number') return ([, score]) => score > bound;
  const excluded = Number(bound.slice(1));
  return ([, score]) => score >= excluded;
}

/** As the UTF-8 bytes of two texts compare. Their UTF-16 units do the same, but for surrogates, which stand for more than any unit. */
function compareBytes(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return weight(left) - weight(right);
  }
  return a.length - b.length;
}

function weight(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
