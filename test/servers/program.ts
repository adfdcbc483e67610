import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { ServerProcess } from './server-process.js';
import { endWithUs, freePort, temporaryFolder } from './workspace.js';

/** Node's arguments for running the workspace's TypeScript from source. */
const fromSource = ['--conditions=@cenote/source', '--import', import.meta.resolve('tsx')];

export interface ProgramOptions {
  readonly args?: readonly string[];
  /** Added to this process's environment (Vitest sets `NODE_ENV=test` in it); `undefined` removes a variable. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Starts a TypeScript program of the workspace as a server in a process of its own: `PORT` tells it a free port, and it
 * is up once it has printed `ready`.
 */
export async function startProgram(
  file: URL,
  options: ProgramOptions & { readonly ready: RegExp; readonly port?: number },
): Promise<ServerProcess> {
  const port = options.port ?? (await freePort());
  const program = new ServerProcess({
    name: fileURLToPath(file),
    command: process.execPath,
    args: [...fromSource, fileURLToPath(file), ...(options.args ?? [])],
    port,
    dir: await temporaryFolder('program'),
    env: { ...process.env, PORT: `${port}`, ...options.env },
    ready: options.ready,
    stopSignal: 'SIGTERM',
  });
  await program.start();
  return program;
}

/** Forks a TypeScript program of the workspace, with a channel for messages: a second client of the same servers. */
export function forkProgram(file: URL, options: ProgramOptions = {}): ChildProcess {
  const child = fork(fileURLToPath(file), options.args ?? [], {
    execArgv: fromSource,
    env: { ...process.env, ...options.env },
    serialization: 'advanced',
  });
  endWithUs(child, 'SIGKILL');
  return child;
}
