/** Who is told when a signal aborts. */
export interface Abandoned {
  abandon(reason: unknown): void;
}

/**
 * Calls that end when their caller's signal aborts. One listener for each signal, however many calls follow it: a request
 * passes one signal to all that it does, and Node warns of a leak from the eleventh listener on.
 */
const followers = new WeakMap<AbortSignal, { readonly calls: Set<Abandoned>; readonly onAbort: () => void }>();

/** Tells `call` when `signal` aborts, until `unfollow`. The signal has not aborted yet. */
export function follow(signal: AbortSignal, call: Abandoned): void {
  let following = followers.get(signal);
  if (following === undefined) {
    const calls = new Set<Abandoned>();
    const onAbort = (): void => {
      for (const each of calls) each.abandon(signal.reason);
    };
    followers.set(signal, (following = { calls, onAbort }));
    signal.addEventListener('abort', onAbort, { once: true });
  }
  following.calls.add(call);
}

/** Ends what `follow` began. A signal that nobody follows is left without a listener. */
export function unfollow(signal: AbortSignal, call: Abandoned): void {
  const following = followers.get(signal);
  if (following === undefined) return;
  following.calls.delete(call);
  if (following.calls.size > 0) return;
  followers.delete(signal);
  signal.removeEventListener('abort', following.onAbort);
}
