import { spawn, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';

import { endWithUs } from './workspace.js';

/** What a server process is started with. */
export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  readonly dir: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The user to run as, when it must not be the current one. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What the server prints when it accepts connections. */
  readonly ready: RegExp;
  /** Ends the server in good order. */
  readonly stopSignal: NodeJS.Signals;
  /** Milliseconds that a start may take. */
  readonly startTimeout?: number;
}

const KEPT_OUTPUT = 16_384;
const STOP_PATIENCE = 10_000;

/** A real server under a test's control: it can be frozen, killed and started again on the same port and folder. */
export class ServerProcess {
  readonly port: number;
  readonly dir: string;
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #output = '';

  constructor(command: ServerCommand) {
    this.#command = command;
    this.port = command.port;
    this.dir = command.dir;
  }

  /** The process id, 0 while it is not running. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The last 16 KB that the server printed. */
  get output(): string {
    return this.#output;
  }

  /** Starts the server and waits until it accepts connections. @throws Error with its output when it does not. */
  async start(): Promise<void> {
    const { name, command, args, env, user, ready, startTimeout = 30_000 } = this.#command;
    this.#output = '';
    const child = spawn(command, args, {
      cwd: this.dir,
      env: env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // A signal to the runner's group must not end it half: that is the reaper's work.
      ...user,
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const ended = (): void => {
        if (this.#child === child) this.#child = undefined;
        resolve();
      };
      child.once('exit', ended);
      child.once('error', (error) => {
        this.#output += String(error);
        ended();
      });
    });
    child.unref();
    endWithUs(child, this.#command.stopSignal);

    let timer: NodeJS.Timeout | undefined;
    const started = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), startTimeout);
      const listen = (chunk: Buffer): void => {
        this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT);
        if (ready.test(this.#output)) resolve(true);
      };
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', listen);
        (stream as unknown as { unref(): void }).unref();
      }
      void this.#exited.then(() => resolve(false));
    });
    const up = await started;
    clearTimeout(timer);
    if (up) return;
    await this.kill();
    throw new Error(`${name} did not start (${command} ${args.join(' ')}):\n${this.#output}`);
  }

  /** Sends a signal and waits until the process has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child?.kill(signal);
    await this.#exited;
  }

  /** Freezes the server: its connections stay open and nothing answers. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Ends a `pause`. */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends the server (unless it has ended) in good order and starts it again: same port, same folder, same arguments. */
  async restart(): Promise<void> {
    await this.#end();
    await this.start();
  }

  /** Ends the server in good order, by force after 10 s, and removes its folder. Safe to call twice. */
  async stop(): Promise<void> {
    await this.#end();
    await rm(this.dir, { recursive: true, force: true });
  }

  async #end(): Promise<void> {
    const force = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_PATIENCE);
    this.#child?.kill(this.#command.stopSignal);
    this.resume();
    await this.#exited;
    clearTimeout(force);
  }
}
