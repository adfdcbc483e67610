import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/** This process's temporary folder. It and the servers noted in it are gone soon after the process is, killed or not. */
function temporaryRoot(): string {
  if (root !== undefined) return root;
  root = mkdtempSync(join(tmpdir(), 'cenote-test-'));
  chmodSync(root, 0o711); // PostgreSQL runs as another user and must be able to reach its own folder inside.
  const reaper = spawn('/bin/sh', [fileURLToPath(new URL('reaper.sh', import.meta.url)), root], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  reaper.unref();
  // A pipe is a socket at runtime; without this it would keep the process alive.
  (reaper.stdin as unknown as { unref(): void }).unref();
  return root;
}

/** A new temporary folder; removed with the process at the latest. */
export function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(temporaryRoot(), `${name}-`));
}

/** Sees to it that a child ends, by `signal` if it can, when this process does. */
export function endWithUs(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  const file = join(temporaryRoot(), `${child.pid}.pid`);
  writeFileSync(file, `${child.pid} ${signal.slice(3)}\n`);
  child.once('exit', () => rmSync(file, { force: true }));
}

/** A TCP port of 127.0.0.1 that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
