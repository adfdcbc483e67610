import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The full path of the first of these programs found on the PATH. */
export function onPath(...names: string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** Whether `file` exists and this user may run it. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Installs Debian packages, saying so first. Only root and CI change the machine.
 * @throws Error that says what to install, for everybody else and where there is no apt-get.
 */
export function installPackage(what: string, debianPackage: string, instead: string): void {
  const root = process.getuid?.() === 0;
  const apt = onPath('apt-get');
  if (apt === undefined || !(root || process.env['CI'])) {
    throw new Error(
      `These tests need ${what}. Install it (Debian, Ubuntu: apt-get install ${debianPackage}; macOS: brew install ${debianPackage.replace('-server', '')}), ` +
        `or ${instead}, or run only what needs no server: npm run test:embedded`,
    );
  }
  process.stderr.write(`${what} is not on this machine: installing ${debianPackage} with apt-get.\n`);
  const run = (args: string[]): void => {
    execFileSync(root ? apt : 'sudo', root ? args : ['-n', apt, ...args], {
      stdio: ['ignore', process.stderr, process.stderr],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  };
  run(['update', '-q']);
  run(['install', '-y', '-q', '--no-install-recommends', debianPackage]);
}
