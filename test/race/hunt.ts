import { mutants } from './mutants.js';
import { breaches, type RaceReport } from './outcome.js';
import { race } from './race.js';

/** How a mutant fared. */
export interface Hunt {
  readonly mutant: string;
  readonly safeguard: string;
  readonly isCaught: boolean;
  readonly episodes: number;
  readonly transient: number;
  readonly permanent: number;
  readonly false: number;
  readonly seconds: number;
}

export interface HuntOptions {
  readonly seed: number;
  /** Episodes within which it must be caught. */
  readonly episodes?: number;
  readonly onEnd?: (hunt: Hunt) => unknown;
}

/** Plays without each safeguard in turn, until the run notices. */
export async function hunt(names: readonly string[], { seed, episodes = 2_400, onEnd }: HuntOptions): Promise<Hunt[]> {
  const hunts: Hunt[] = [];
  for (const name of names) {
    const { kind, processes, faults, near } = mutants[name] as (typeof mutants)[string];
    const report = await race({
      episodes,
      seed,
      processes,
      kind,
      faults,
      ...(near && { near }),
      mutant: name,
      untilBreach: true,
    });
    hunts.push(huntOf(name, report));
    onEnd?.(hunts.at(-1) as Hunt);
  }
  return hunts;
}

function huntOf(mutant: string, report: RaceReport): Hunt {
  const { episodes, transient, permanent, false: untrue, seconds } = report;
  return {
    mutant,
    safeguard: mutants[mutant]?.safeguard ?? '',
    isCaught: breaches(report) > 0,
    episodes,
    transient,
    permanent,
    false: untrue,
    seconds,
  };
}

/** One line for each. */
export function tableOf(hunts: readonly Hunt[]): string {
  return hunts
    .map(
      (one) =>
        `${one.isCaught ? 'caught  ' : 'SURVIVED'} ${one.mutant.padEnd(22)} ${`${one.seconds.toFixed(1)} s`.padStart(7)} ${`${one.episodes}`.padStart(5)} episodes  ${`${one.transient} transient, ${one.permanent} permanent, ${one.false} false`.padEnd(38)} without: ${one.safeguard}`,
    )
    .join('\n');
}
