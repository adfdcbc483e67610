/** Whatever is done to sessions: both stores and a naive model say the same, and each call keeps to one slot. */
import fc from 'fast-check';

import { hashSlot } from '../../core/slot.js';
import type { Store } from '../../store/store.js';
import { compareStores, type Step } from '../kit/compare.fixture.js';
import { SessionCache } from './index.js';
import { dataOf } from './sessions.fixture.js';

const most = 3;
const users = ['ada', 'bob'] as const;
type User = (typeof users)[number];
/** `g…`: ids of the caller's. `ada…`, `bob…`: made for that user. */
const names = ['g1', 'g2', 'g3', 'g4', 'ada1', 'ada2', 'ada3', 'ada4', 'bob1', 'bob2'] as const;
type Name = (typeof names)[number];

const ownerOf = (name: Name): User | undefined => users.find((user) => name.startsWith(user));

interface Subject {
  readonly sessions: SessionCache;
  readonly id: (name: Name) => string;
}

interface Live {
  readonly user: User;
  shown: string;
}

/** Live sessions in the order in which they began, what is dead, and whose an id was last. */
class Model {
  live = new Map<Name, Live>();
  readonly dead = new Set<Name>();
  readonly whose = new Map<Name, User>();
  readonly tokens = new Set<string>();

  of(user: User): [Name, Live][] {
    return [...this.live].filter(([, session]) => session.user === user);
  }

  set(name: Name, user: User, shown: string): string | undefined {
    if ((ownerOf(name) ?? user) !== user) return 'USAGE';
    if (this.dead.has(name)) return undefined;
    this.whose.set(name, user);
    const known = this.live.get(name);
    if (known?.user === user) {
      known.shown = shown;
      return undefined;
    }
    this.live.delete(name);
    while (this.of(user).length >= most) this.end(this.of(user)[0]![0]);
    this.live.set(name, { user, shown });
    return undefined;
  }

  end(name: Name): boolean {
    this.dead.add(name);
    return this.live.delete(name);
  }

  endAll(user: User, keep?: Name): number {
    return this.of(user).filter(([name]) => name !== keep && this.end(name)).length;
  }

  rotate(from: Name, to: Name): boolean | string {
    if (from === to) return 'USAGE';
    const user = ownerOf(from) ?? this.whose.get(from);
    if (user === undefined) return false;
    if ((ownerOf(to) ?? user) !== user) return 'USAGE';
    const isNew = !this.live.has(to) && !this.dead.has(to) && (this.whose.get(to) ?? user) === user;
    if (!this.dead.has(to) && !this.whose.has(to)) this.whose.set(to, user);
    if (!this.live.has(from) || !isNew) return false;
    // In its place: it keeps its start.
    this.live = new Map([...this.live].map(([name, session]) => [name === from ? to : name, session]));
    this.dead.add(from);
    return true;
  }
}

const name = fc.constantFrom(...names);
const user = fc.constantFrom(...users);
const token = fc.constantFrom('t1', 't2');

const steps: fc.Arbitrary<Step<Subject, Model>> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(name, user, fc.string({ maxLength: 3 })).map(([n, u, shown]) => ({
      say: `set ${n} ${u}`,
      run: ({ sessions, id }: Subject) => sessions.set(id(n), dataOf(u, { displayName: shown }), '1h'),
      expected: (model: Model) => model.set(n, u, shown),
    })),
  },
  name.map((n) => ({
    say: `get ${n}`,
    run: async ({ sessions, id }: Subject) => (await sessions.get(id(n)))?.displayName,
    expected: (model: Model) => model.live.get(n)?.shown,
  })),
  name.map((n) => ({
    say: `extend ${n}`,
    run: ({ sessions, id }: Subject) => sessions.extend(id(n), '2h'),
    expected: (model: Model) => model.live.has(n),
  })),
  {
    weight: 2,
    arbitrary: name.map((n) => ({
      say: `delete ${n}`,
      run: ({ sessions, id }: Subject) => sessions.delete(id(n)),
      expected: (model: Model) => model.end(n),
    })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(name, name).map(([from, to]) => ({
      say: `rotate ${from} ${to}`,
      run: ({ sessions, id }: Subject) => sessions.rotate(id(from), id(to)),
      expected: (model: Model) => model.rotate(from, to),
    })),
  },
  user.map((u) => ({
    say: `deleteAll ${u}`,
    run: ({ sessions }: Subject) => sessions.deleteAll(u),
    expected: (model: Model) => model.endAll(u),
  })),
  fc.tuple(user, name).map(([u, n]) => ({
    say: `deleteOthers ${u} ${n}`,
    run: ({ sessions, id }: Subject) => sessions.deleteOthers(u, id(n)),
    expected: (model: Model) => model.endAll(u, n),
  })),
  user.map((u) => ({
    say: `list ${u}`,
    run: async ({ sessions }: Subject) => (await sessions.list(u)).map(({ data }) => data.displayName),
    expected: (model: Model) =>
      model
        .of(u)
        .map(([, { shown }]) => shown)
        .toReversed(),
  })),
  user.map((u) => ({
    say: `count ${u}`,
    run: ({ sessions }: Subject) => sessions.count(u),
    expected: (model: Model) => model.of(u).length,
  })),
  token.map((t) => ({
    say: `revoke ${t}`,
    run: ({ sessions }: Subject) => sessions.invalidateToken(t, '1h'),
    expected: (model: Model) => void model.tokens.add(t),
  })),
  token.map((t) => ({
    say: `revoked? ${t}`,
    run: ({ sessions }: Subject) => sessions.isTokenBlacklisted(t),
    expected: (model: Model) => model.tokens.has(t),
  })),
);

/** Reads that ask for keys of several slots fail, as they would in one command of a cluster. */
function readingOneSlot(store: Store): Store {
  return new Proxy(store, {
    get(target, member) {
      if (member === 'read')
        return async (keys: readonly string[], ...rest: []): Promise<(Buffer | null)[]> => {
          if (new Set(keys.map(hashSlot)).size > 1) throw new Error(`different slots: ${keys.join(' ')}`);
          return target.read(keys, ...rest);
        };
      const value: unknown = Reflect.get(target, member, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

compareStores<Subject, Model>({
  steps,
  model: () => new Model(),
  subject(store, prefix) {
    const sessions = new SessionCache({ store: readingOneSlot(store), prefix, maxPerUser: most });
    const ids = new Map(names.map((each) => [each, sessions.id(ownerOf(each) ?? 'ada')]));
    return { sessions, id: (each) => (ownerOf(each) === undefined ? each : ids.get(each)!) };
  },
  state: async ({ sessions }) =>
    Promise.all(users.map(async (each) => (await sessions.list(each)).map(({ data }) => data))),
});
