import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The pages at the root and all below `docs` and `bench`, but for those of packages. */
function pages(): string[] {
  const below = ['docs', 'bench']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    );
  return [...readdirSync(root), ...below].filter((file) => file.endsWith('.md') && !file.includes('node_modules'));
}

/** Where a page's links and images lead within the repository, without their anchors. */
function targetsOf(page: string): string[] {
  const prose = readFileSync(join(root, page), 'utf8').replace(/^( *)```[\s\S]*?^\1```/gm, '');
  const links = [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target);
  return links
    .filter((target) => !/^(?:[a-z][a-z\d+.-]*:|#)/i.test(target))
    .map((target) => target.split('#')[0] ?? '');
}

test('every link between pages and files leads somewhere', () => {
  const links = pages().flatMap((page) => targetsOf(page).map((target) => ({ page, target })));
  expect(links.length).toBeGreaterThan(20);
  const broken = links.filter(({ page, target }) => !existsSync(join(root, dirname(page), decodeURIComponent(target))));
  expect(broken).toEqual([]);
});
