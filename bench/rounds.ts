import type { Outcome, Runner, Stretch } from './runner.js';

export interface Measured<Name extends string> {
  readonly name: Name;
  /** Median of operations per second. */
  readonly perSecond: number;
  /** Median over the rounds of the ratio to the first runner in the same round. */
  readonly ratio: number;
  /** Median of microseconds of its process's CPU for an operation. */
  readonly cpu: number;
}

/**
 * Measures runners side by side: in each round all of them, one after another, in an order that turns, so that whatever
 * else the machine does meets each of them alike. The first runner is what the others are compared with.
 */
export async function compare<Name extends string, Work = Stretch>(
  runners: readonly Runner<Name, Work>[],
  stretch: Work,
  rounds: number,
  check: (name: Name, outcome: Outcome) => Promise<unknown> | void,
): Promise<Measured<Name>[]> {
  const outcomes = runners.map((): Outcome[] => []);
  // A round before those that count: compiled code, filled keys.
  for (const runner of runners) await runner.run(stretch);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < runners.length; turn++) {
      const index = (turn + round) % runners.length;
      const runner = runners[index] as Runner<Name, Work>;
      const outcome = await runner.run(stretch);
      await check(runner.name, outcome);
      outcomes[index]?.push(outcome);
    }
  }
  const floor = outcomes[0] as Outcome[];
  return runners.map(({ name }, index) => {
    const own = outcomes[index] as Outcome[];
    return {
      name,
      perSecond: median(own.map(({ perSecond }) => perSecond)),
      ratio: median(own.map(({ perSecond }, round) => perSecond / (floor[round] as Outcome).perSecond)),
      cpu: median(own.map(({ cpu }) => cpu)),
    };
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ?
      (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
