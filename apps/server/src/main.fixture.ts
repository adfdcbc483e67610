import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own, from source. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;
  #output = '';

  constructor(env: Readonly<Record<string, string>>) {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    this.#child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@cenote/source', main], {
      env: { PATH: process.env['PATH'], APP_ENV: 'testing', PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exit = once(this.#child, 'exit').then(([code]) => code as number | null);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
  }

  /** All that it has printed. */
  get output(): string {
    return this.#output;
  }

  /** The URL that it has announced. @throws Error with its output when it ends first. */
  async url(): Promise<string> {
    const ended = this.#exit.then((code) => `ended with ${code}`);
    for (;;) {
      const url = /(http:\/\/\S+?)\/ /.exec(this.#output)?.[1];
      if (url !== undefined) return url;
      const next = await Promise.race([ended, once(this.#child.stdout ?? this.#child, 'data').then(() => undefined)]);
      if (next !== undefined) throw new Error(`the server ${next}:\n${this.#output}`);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The exit code, `null` after a signal that was not handled. */
  exitCode(): Promise<number | null> {
    return this.#exit;
  }

  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.#exit;
  }
}
