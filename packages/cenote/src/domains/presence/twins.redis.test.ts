import { setTimeout as sleep } from 'node:timers/promises';

import fc from 'fast-check';

import { compareStores, type Step } from '../kit/compare.fixture.js';
import { PresenceCache } from './index.js';

/** A cache and what it has told since the last step. */
interface Subject {
  readonly presence: PresenceCache;
  readonly told: string[];
}

/** All that matters of a user, as one would first think of it. Without a living connection they are silent, until a sweep. */
interface Known {
  status: 'online' | 'away';
  readonly living: Set<string>;
}
type Model = Map<string, Known>;

type Naive = (model: Model) => { readonly answer?: unknown; readonly told?: readonly string[] };

function step(say: string, run: (presence: PresenceCache) => Promise<unknown>, naive: Naive): Step<Subject, Model> {
  return {
    say,
    async run({ presence, told }) {
      const answer = await run(presence);
      return { answer, told: told.splice(0).toSorted() };
    },
    expected(model) {
      const { answer, told = [] } = naive(model);
      return { answer, told: told.toSorted() };
    },
  };
}

const noName = 'no name';
const options = (connection: string): { connectionId?: string } =>
  connection === noName ? {} : { connectionId: connection };

/** What a change of a user makes of their status, and tells. */
function changing(user: string, change: (known: Known | undefined) => Known | undefined): Naive {
  return (model) => {
    const before = model.get(user)?.status ?? 'offline';
    const after = change(model.get(user));
    if (after) model.set(user, after);
    else model.delete(user);
    const status = after?.status ?? 'offline';
    return { told: status === before ? [] : [`${user} ${status}`] };
  };
}

function statusIn(model: Model, user: string): string {
  const known = model.get(user);
  return known && known.living.size > 0 ? known.status : 'offline';
}

const users = ['alice', 'bob', 'é', '🜛', 'user-7'];
const user = fc.constantFrom(...users);
const connection = fc.constantFrom(noName, 'tab', 'phone');

const heard = fc
  .tuple(fc.constantFrom('arrive', 'extend', 'activate'), user, connection, fc.constantFrom('1h', 1))
  .map(([verb, who, which, ttl]) =>
    step(
      `${verb} ${who} ${which} ${ttl}`,
      async (presence) => {
        if (verb === 'arrive') await presence.setOnline(who, ttl as '1h', options(which));
        else await presence.extendOnline(who, ttl as '1h', { ...options(which), active: verb === 'activate' });
        if (ttl === 1) await sleep(4);
      },
      changing(who, (known) => {
        const living = new Set(known?.living);
        if (ttl === 1) living.delete(which);
        else living.add(which);
        return { status: verb === 'extend' ? (known?.status ?? 'online') : 'online', living };
      }),
    ),
  );

const left = fc.tuple(user, fc.option(fc.constantFrom('tab', 'phone'))).map(([who, which]) =>
  step(
    `leave ${who} ${which}`,
    (presence) => presence.setOffline(who, which === null ? undefined : options(which)),
    changing(who, (known) => {
      if (!known || (which === null ? known.living.size === 0 : !known.living.has(which))) return known;
      const living = new Set([...known.living].filter((each) => which !== null && each !== which));
      return living.size === 0 ? undefined : { ...known, living };
    }),
  ),
);

const rested = user.map((who) =>
  step(
    `away ${who}`,
    (presence) => presence.setAway(who),
    changing(who, (known) => (known && known.living.size > 0 ? { ...known, status: 'away' } : known)),
  ),
);

const swept = fc.constant(
  step(
    'sweep',
    async (presence) => (await presence.sweep()).toSorted(),
    (model) => {
      const silent = [...model].filter(([, { living }]) => living.size === 0).map(([each]) => each);
      for (const each of silent) model.delete(each);
      return { answer: silent.toSorted(), told: silent.map((each) => `${each} offline`) };
    },
  ),
);

const read = fc.constant(
  step(
    'read',
    async (presence) => {
      const { users: listed } = await presence.getOnlineUsers();
      return [[...(await presence.getBulkStatus(users))], listed.toSorted(), await presence.getOnlineCount()];
    },
    (model) => {
      const online = users.filter((each) => statusIn(model, each) !== 'offline');
      return { answer: [users.map((each) => [each, statusIn(model, each)]), online.toSorted(), online.length] };
    },
  ),
);

compareStores<Subject, Model>({
  steps: fc.oneof({ weight: 5, arbitrary: heard }, { weight: 3, arbitrary: left }, rested, swept, read),
  subject(store, prefix) {
    const presence = new PresenceCache({ store, prefix });
    const told: string[] = [];
    presence.on('change', ({ userId, status }) => void told.push(`${userId} ${status}`));
    return { presence, told };
  },
  model: () => new Map(),
  state: async ({ presence }) =>
    Promise.all(
      users.map(async (each) => [
        each,
        await presence.getStatus(each),
        (await presence.getLastSeen(each)) !== undefined,
      ]),
    ),
  runs: 150,
});
