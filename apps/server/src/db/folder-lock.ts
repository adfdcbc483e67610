import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Another process works in the folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';

  constructor(folder: string, pid: number) {
    super(`DATA_DIR ${JSON.stringify(folder)} is in use by process ${pid}: stop it, or give this one another folder`);
  }
}

/** Long enough for two processes that found the same abandoned lock to see each other. */
const settleMs = 50;

/**
 * Takes a folder for this process by a file in it; returns the way to give it back. The lock of a process that has died is
 * taken over.
 *
 * @throws FolderInUseError when a living process of this machine holds it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'server.lock');
  const claim = `${process.pid} ${randomUUID()}`;
  if (!(await writeNew(file, claim))) {
    const holder = await holderOf(file);
    if (isAlive(holder)) throw new FolderInUseError(folder, holder);
    await rm(file, { force: true });
    await writeNew(file, claim);
    await sleep(settleMs);
    if ((await readFile(file, 'utf8')) !== claim) throw new FolderInUseError(folder, await holderOf(file));
  }
  return async () => {
    if ((await readFile(file, 'utf8').catch(() => '')) === claim) await rm(file, { force: true });
  };
}

async function writeNew(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function holderOf(file: string): Promise<number> {
  return Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
}

function isAlive(pid: number): boolean {
  // In a container every server is process 1: a lock with our own number is that of our predecessor.
  if (!Number.isInteger(pid) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
