import { dirname, join } from 'node:path/posix';

/** What each area of the library may import, besides itself. `doors` are the package's entry points: every `index.ts`. */
const library: Record<string, readonly string[]> = {
  core: [],
  store: ['core'],
  cache: ['core', 'store'],
  domains: ['core', 'store', 'cache'],
  tasks: ['core'],
  postgres: ['core', 'cache', 'tasks'],
  observe: ['core'],
  fastify: ['core', 'doors'],
  cli: ['core', 'doors'],
  console: ['core', 'doors'],
  testing: ['core', 'store'],
};

/** What puts the server together: a module must not know it, nor another module. */
const serverRoof = ['main', 'app', 'config', 'modules'];
/** What only the server's `main.ts`, which knows every concrete thing, and `db` may name. */
const concrete = /^(?:pg|@electric-sql\/pglite|@redis\/client|cenote\/testing)$/;
const concreteNames = /\b(?:connect|storeFromEnv)\b/;

const vagueNames = /^(?:.*-)?(?:utils?|helpers?|common|manager|base|types)$/;

interface Import {
  readonly from: string;
  /** What stands between `import` and `from`. */
  readonly names: string;
}

/** Every import of a module: values, types, re-exports, side effects and `import()`. */
export function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const statements =
    /\b(?:import|export)\s+([\w\s{},*]+?)\s+from\s+['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;
  return [...code.matchAll(statements)].map(([, names = '', from, bare]) => ({ from: from ?? bare ?? '', names }));
}

/** Everything in a source tree (path → text) that the house forbids, in words; empty when all is well. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const graph = new Map<string, string[]>();
  const found: string[] = [];
  for (const [path, source] of files) {
    if (path.split('/').some((name) => vagueNames.test(name.split('.')[0] ?? '')))
      found.push(`${path}: a name that says nothing`);
    const targets: string[] = [];
    for (const { from, names } of importsOf(source)) {
      const target = from.startsWith('.') ? join(dirname(path), from).replace(/\.js$/, '.ts') : undefined;
      if (target !== undefined && !files.has(target)) continue;
      if (target !== undefined) targets.push(target);
      const reason =
        target === undefined ?
          refusePackage(path, from, names)
        : (refuseLibrary(path, target) ?? refuseServer(path, target));
      if (reason !== undefined) found.push(`${path} → ${target ?? from}: ${reason}`);
    }
    graph.set(path, targets);
  }
  return [...found, ...cycles(graph).map((cycle) => `${cycle.join(' → ')}: a cycle`)];
}

function refuseLibrary(path: string, target: string): string | undefined {
  const [here, there] = [area('packages/cenote/src', path), area('packages/cenote/src', target)];
  const [domain, other] = [area('packages/cenote/src/domains', path), area('packages/cenote/src/domains', target)];
  if (domain !== undefined && other !== undefined && domain !== other && other !== 'kit')
    return 'a domain must not know another one; what they share is in domains/kit';
  if (here === undefined || here === 'doors' || here === there) return undefined;
  const allowed = library[here];
  if (allowed === undefined) return `test/architecture.ts does not say what ${here} may import`;
  const isDoor = there === 'doors' || target.endsWith('/index.ts');
  if (there === undefined) return 'the library imports nothing of its users';
  return allowed.includes(there) || (isDoor && allowed.includes('doors')) ?
      undefined
    : `${here} may import ${allowed.join(', ') || 'nothing'}`;
}

function refuseServer(path: string, target: string): string | undefined {
  const module = /^apps\/server\/src\/modules\/([^/]+)\//.exec(path)?.[1];
  const there = area('apps/server/src', target);
  if (target.startsWith('packages/') && path.startsWith('apps/'))
    return 'the library is entered by its doors: import cenote';
  if (area('apps/server/src', path) === 'db' && there === 'modules') return 'db knows no module';
  if (module === undefined || target.startsWith(`apps/server/src/modules/${module}/`)) return undefined;
  return there !== undefined && serverRoof.includes(there) ?
      `a module must not know ${there === 'modules' ? 'another module' : there}`
    : undefined;
}

function refusePackage(path: string, from: string, names: string): string | undefined {
  if (!/^apps\/server\/src\/(?:modules|plugins)\//.test(path)) return undefined;
  const isConcrete = concrete.test(from) || (from === 'cenote' && concreteNames.test(names));
  return isConcrete ? 'only main.ts and db know concrete things' : undefined;
}

/** The folder below `source`, or the name of a file directly in it; the library's own `index.ts` is its `doors`. */
function area(source: string, path: string): string | undefined {
  if (!path.startsWith(`${source}/`)) return undefined;
  const first = path.slice(source.length + 1).split('/')[0] ?? '';
  return first === 'index.ts' ? 'doors' : first.replace(/\.ts$/, '');
}

/** One cycle, as a path that ends where it began, for every edge that closes one. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (node: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(node);
    if (seen !== -1) found.push([...trail.slice(seen), node]);
    if (seen !== -1 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return found;
}
