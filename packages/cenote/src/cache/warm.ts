import type { Clock } from '../core/clock.js';
import { checkCount, checkFunction, checkOptions, checkSignal } from '../core/options.js';
import { UsageError } from '../core/errors.js';

/** Something that fills the cache, such as `() => profile.refresh({ userId })`. */
export type WarmJob = () => unknown;

export interface WarmOptions {
  /** How many jobs run at a time; default 8. */
  readonly concurrency?: number | undefined;
  /** Told after each job. What it throws ends the warming, once the jobs that run have ended. */
  readonly onProgress?: ((progress: { readonly done: number; readonly failed: number }) => void) | undefined;
  /** Stops taking more jobs; those that run go on. */
  readonly signal?: AbortSignal | undefined;
}

export interface WarmReport {
  readonly done: number;
  readonly failed: number;
  /** The first errors, at most 10. */
  readonly errors: readonly unknown[];
  /** Whether the signal stopped it before the jobs had come to their end. */
  readonly aborted: boolean;
  readonly ms: number;
}

const mostErrors = 10;

export async function warm(
  jobs: Iterable<WarmJob> | AsyncIterable<WarmJob>,
  options: WarmOptions | undefined,
  clock: Clock,
): Promise<WarmReport> {
  const given = checkOptions(options, ['concurrency', 'onProgress', 'signal'], 'options');
  const concurrency = given['concurrency'] === undefined ? 8 : checkCount(given['concurrency'], 'options.concurrency');
  const onProgress =
    given['onProgress'] === undefined ?
      undefined
    : checkFunction<NonNullable<WarmOptions['onProgress']>>(given['onProgress'], 'options.onProgress');
  const signal = given['signal'] === undefined ? undefined : checkSignal(given['signal'], 'options.signal');
  const start = clock.monotonic();
  const report = { done: 0, failed: 0, errors: [] as unknown[], aborted: false };
  const queue = iteratorOf(jobs);
  let isOver = false;
  const work = async (): Promise<void> => {
    while (!isOver) {
      if (signal?.aborted) {
        report.aborted = isOver = true;
        await queue.return?.();
        return;
      }
      const next = await queue.next();
      if (next.done) isOver = true;
      else {
        await run(next.value, report);
        onProgress?.({ done: report.done, failed: report.failed });
      }
    }
  };
  const ends = await Promise.allSettled(
    Array.from({ length: concurrency }, () =>
      work().finally(() => {
        isOver = true;
      }),
    ),
  );
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure) throw failure.reason;
  return { ...report, ms: clock.monotonic() - start };
}

async function run(job: WarmJob, report: { done: number; failed: number; errors: unknown[] }): Promise<void> {
  try {
    if (typeof job !== 'function') throw new UsageError('job', job, 'must be a function');
    await job();
    report.done++;
  } catch (error) {
    report.failed++;
    if (report.errors.length < mostErrors) report.errors.push(error);
  }
}

function iteratorOf(jobs: Iterable<WarmJob> | AsyncIterable<WarmJob>): Iterator<WarmJob> | AsyncIterator<WarmJob> {
  const given: unknown = jobs;
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given || Symbol.asyncIterator in given)) {
    throw new UsageError('jobs', given, 'must be an iterable of functions');
  }
  return Symbol.iterator in jobs ? jobs[Symbol.iterator]() : jobs[Symbol.asyncIterator]();
}
