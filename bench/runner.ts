import { fork, type Serializable } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { endWithUs } from '../test/servers/workspace.js';

/** One measured stretch of work. */
export interface Stretch {
  readonly verb: 'get' | 'wrap';
  /** Keys to go round in; with `fresh` each is made new by a number at its end, so that nothing is there. */
  readonly keys: readonly string[];
  readonly fresh?: boolean;
  readonly inFlight: number;
  /** How long to go on; 0 for one operation of each in flight. */
  readonly milliseconds: number;
  /** Milliseconds that a load takes; 0 by default. */
  readonly loadTime?: number;
}

export interface Outcome {
  readonly operations: number;
  readonly perSecond: number;
  /** Microseconds of this process's CPU for each operation: steadier than the clock on a busy machine. */
  readonly cpu: number;
  readonly loads: number;
}

/** A subject in a process of its own, so that none pays for another's garbage or shapes the code another shares. */
export interface Runner<Name extends string, Work = Stretch, Result = Outcome> {
  readonly name: Name;
  run(work: Work): Promise<Result>;
  stop(): Promise<void>;
}

/** `script` stands beside this file, and is given the name and the address of a Redis; `flags` are Node's. */
export async function startRunner<Name extends string, Work = Stretch, Result = Outcome>(
  name: Name,
  url: string,
  script = 'runner-process.ts',
  flags: readonly string[] = [],
): Promise<Runner<Name, Work, Result>> {
  // With this process's own arguments, so that both run cenote built or both from source.
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), [name, url], {
    serialization: 'advanced',
    execArgv: [...process.execArgv, ...flags],
  });
  endWithUs(child, 'SIGKILL');
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const answer = <Message>(): Promise<Message> =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error(`${name} ended before it answered`));
      child.once('exit', gone);
      child.once('message', (message) => {
        child.off('exit', gone);
        resolve(message as Message);
      });
    });
  await answer();
  return {
    name,
    run(work) {
      const result = answer<Result>();
      child.send(work as Serializable);
      return result;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
