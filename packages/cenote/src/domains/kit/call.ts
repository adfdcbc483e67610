import { defaultLimits, resolveLimits } from '../../cache/plan.js';
import { milliseconds, type Duration } from '../../core/duration.js';
import { checkOptions, checkSignal } from '../../core/options.js';
import type { CallOptions } from '../../store/store.js';

/** What every method of a domain cache takes last. */
export interface DomainCallOptions {
  /** Ends the wait with the signal's reason. A load goes on while another caller waits for it. */
  readonly signal?: AbortSignal | undefined;
  /** Bounds each call to the store (else 250 ms, or what `connect` was told), and of a load the wait and the load itself. */
  readonly deadline?: Duration | undefined;
}

/** The last argument, checked: limits of a call to the store, and those of a load, in milliseconds. */
export interface DomainCall extends CallOptions {
  /** One load; its signal is aborted then. 30 s at most. */
  readonly hard: number;
  /** How long to wait for another process's load. 5 s at most. */
  readonly wait: number;
}

const { hard, wait } = defaultLimits;
const plain: DomainCall = Object.freeze({ hard, wait });

/**
 * Checks a method's last argument.
 *
 * @param own names the options that the method takes besides; the caller checks their values.
 * @throws UsageError for an unknown option, or a signal or deadline that is none.
 */
export function resolveDomainCall(options: unknown, own: readonly string[] = []): DomainCall {
  if (options === undefined) return plain;
  const { signal, deadline } = checkOptions(options, ['signal', 'deadline', ...own], 'options');
  const limits =
    deadline === undefined ? defaultLimits : (
      resolveLimits(milliseconds(deadline, 'options.deadline'), defaultLimits, 'options.deadline')
    );
  return {
    ...(signal === undefined ? {} : { signal: checkSignal(signal, 'options.signal') }),
    ...(limits.store === undefined ? {} : { deadline: limits.store }),
    hard: limits.hard,
    wait: limits.wait,
  };
}
