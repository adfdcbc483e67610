import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { FolderInUseError, lockFolder } from './folder-lock.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cenote-lock-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('a folder is given back when it is unlocked', async () => {
  for (let time = 0; time < 2; time++) {
    const unlock = await lockFolder(folder);
    expect(await readdir(folder)).toEqual(['server.lock']);
    await unlock();
    expect(await readdir(folder)).toEqual([]);
  }
});

test('a folder that a living process holds is refused', async () => {
  await writeFile(join(folder, 'server.lock'), `${process.ppid} x`);
  const attempt = lockFolder(folder);
  await expect(attempt).rejects.toBeInstanceOf(FolderInUseError);
  await expect(attempt).rejects.toThrow(`DATA_DIR ${JSON.stringify(folder)} is in use by process ${process.ppid}`);
});

test.each([
  ['of a process that has died', '4194303 x'],
  ['of our own predecessor', `${process.pid} x`],
  ['that cannot be read', '??'],
])('a lock %s is taken over', async (_what, text) => {
  await writeFile(join(folder, 'server.lock'), text);
  const unlock = await lockFolder(folder);
  await unlock();
  expect(await readdir(folder)).toEqual([]);
});

test('whoever lost the lock does not remove that of another', async () => {
  const unlock = await lockFolder(folder);
  await writeFile(join(folder, 'server.lock'), '1 other');
  await unlock();
  expect(await readdir(folder)).toEqual(['server.lock']);
});
