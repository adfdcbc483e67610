import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { endWithUs } from '../test/servers/workspace.js';
import type { SubjectName } from './subjects/index.js';

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
export interface Runner {
  readonly name: SubjectName;
  run(stretch: Stretch): Promise<Outcome>;
  stop(): Promise<void>;
}

export async function startRunner(name: SubjectName, url: string): Promise<Runner> {
  // With this process's own arguments, so that both run cenote built or both from source.
  const child = fork(fileURLToPath(new URL('runner-process.ts', import.meta.url)), [name, url], {
    serialization: 'advanced',
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
    run(stretch) {
      const outcome = answer<Outcome>();
      child.send(stretch);
      return outcome;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
