import { startRedis, type RedisServer } from '../test/servers/redis.js';
import { startRunner, type Runner } from './runner.js';
import type { SubjectName } from './subjects/index.js';
import type { Table } from './table.js';

export interface BenchOptions {
  /** Rounds that count, of each cell. */
  readonly rounds: number;
  /** Milliseconds of one stretch: one subject, one cell, one round. */
  readonly milliseconds: number;
  /** What to compare; the first is the floor. */
  readonly subjects: readonly SubjectName[];
  /** Operations of a run that shows whether memory stays flat. */
  readonly operations: number;
  /** Cells to measure, by name. */
  readonly cells: RegExp;
  /** As little as shows that the benchmark runs and counts right. */
  readonly smoke: boolean;
}

export interface Bench {
  readonly name: string;
  readonly about: string;
  run(options: BenchOptions): Promise<Table[]>;
}

/** Gives `use` a Redis of its own. */
export async function withRedis<Result>(use: (redis: RedisServer) => Promise<Result>): Promise<Result> {
  const redis = await startRedis();
  try {
    return await use(redis);
  } finally {
    await redis.stop();
  }
}

/** Gives `use` a process for each name, all on one Redis of their own. */
export function withRunners<Result>(
  names: readonly SubjectName[],
  use: (runners: readonly Runner<SubjectName>[], redis: RedisServer) => Promise<Result>,
): Promise<Result> {
  return withRedis(async (redis) => {
    const runners = await Promise.all(names.map((name) => startRunner(name, redis.url)));
    try {
      return await use(runners, redis);
    } finally {
      await Promise.all(runners.map((runner) => runner.stop()));
    }
  });
}
