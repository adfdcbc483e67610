import type { LocalData } from '../../store/memory/local-data.js';
import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { change as lua } from './lua.gen.js';
import {
  announce,
  forget,
  hour,
  readRecord,
  silentUntil,
  takeOffline,
  trim,
  writeRecord,
  type Connection,
  type ConnectedStatus,
  type Keys,
} from './record.js';
import { keyList, type ShardKeys } from './shards.js';

/**
 * `arrive`: a connection comes · `extend`: it is heard of · `activate`: and its user does something · `rest`: the user is
 * away · `leave`: a connection goes.
 */
export type Verb = 'arrive' | 'extend' | 'activate' | 'rest' | 'leave';

export interface ChangeInput {
  readonly keys: ShardKeys;
  readonly user: string;
  readonly verb: Verb;
  /** `unnamed` for the connection without a name; `undefined` for all of them. */
  readonly connection?: string | undefined;
  /** Milliseconds that the connection lives. */
  readonly life?: number | undefined;
  readonly who: string;
  /** Milliseconds for which it is kept when somebody was last seen. */
  readonly retention: number;
  /** For a leave that comes late: when it should have been, epoch milliseconds. */
  readonly late?: number | undefined;
}

/** The connection that no name was given: no name can be it. */
export const unnamed = ':';

export const statuses = ['online', 'away', 'offline'] as const;
export type KnownStatus = (typeof statuses)[number];

export interface Changed {
  readonly before: KnownStatus;
  readonly now: KnownStatus;
  /** The number of the change in the feed of the shard; absent when nothing changed. */
  readonly number: number | undefined;
}

/** Changes what is known of a user's connections. See `change.lua`. One round trip, O(connections of the user + log n). */
export const change = defineOperation<ChangeInput, Changed>({
  name: 'presence:change',
  lua,
  invalidates: false,
  encode: ({ keys, user, verb, connection, life, who, retention, late }) => ({
    keys: keyList(keys),
    args: [user, verb, connection ?? '', String(life ?? ''), who, String(retention), String(late ?? '')],
  }),
  local(data, { keys, args }) {
    const [user = '', verb, connection, life, who, retention, late] = args.map(text);
    return apply(data, keys as unknown as Keys, {
      user,
      verb: verb as Verb,
      connection: connection ?? '',
      life: Number(life),
      who: who ?? '',
      retention: Number(retention),
      late: late === '' ? undefined : Number(late),
    });
  },
  decode(reply) {
    const [before, now, number] = replyList(reply, 'presence:change');
    const known = Number(text(number));
    return {
      before: replyWord(before, statuses, 'presence:change'),
      now: replyWord(now, statuses, 'presence:change'),
      number: known === 0 ? undefined : known,
    };
  },
});

type Step = Required<Omit<ChangeInput, 'keys' | 'late'>> & {
  readonly connection: string;
  readonly life: number;
  readonly late: number | undefined;
};

function apply(data: LocalData, keys: Keys, step: Step): string[] {
  const { user, verb, connection, who, late } = step;
  const [users, , , feed, lastSeen] = keys;
  const now = data.now();
  const record = readRecord(data.hget(users, user));
  const before = record?.status ?? 'offline';
  const living = (record?.connections ?? []).filter(({ expires }) => expires > now);
  const means = ({ id }: Connection): boolean => connection === '' || id === connection;
  let [status, seen, live]: [ConnectedStatus, number, Connection[]] = [
    record?.status ?? 'online',
    record?.seen ?? now,
    living,
  ];
  if (verb === 'leave') {
    if (!living.some(means) || (late !== undefined && connection === '' && seen > late)) return [before, before, '0'];
    live = living.filter((each) => !means(each));
    seen = Math.max(seen, late ?? now);
  } else if (verb === 'rest') {
    if (living.length === 0) return [before, before, '0'];
    status = 'away';
  } else {
    live = [...living.filter((each) => !means(each)), { id: connection, expires: now + step.life }];
    seen = now;
    if (verb !== 'extend') status = 'online';
  }
  if (live.length === 0) {
    takeOffline(data, keys, user, seen);
    forget(data, lastSeen, step.retention, 2);
    data.expire(lastSeen, step.retention);
    return [before, 'offline', tell(data, feed, { who, status: 'offline', user })];
  }
  const expires = store(data, keys, user, { status, seen, connections: live });
  if (record === undefined) arrive(data, keys, step);
  const number = status === before ? '0' : tell(data, feed, { who, status, user });
  lengthen(data, keys, expires - now + hour);
  return [before, status, number];
}

function store(
  data: LocalData,
  [users, expiry]: Keys,
  user: string,
  record: Parameters<typeof writeRecord>[0],
): number {
  const { line, expires } = writeRecord(record);
  data.hset(users, user, line);
  data.zadd(expiry, expires, user);
  return expires;
}

function arrive(data: LocalData, keys: Keys, { user, who, retention }: Step): void {
  const [users, expiry, names, feed, lastSeen] = keys;
  data.zadd(names, 0, user);
  data.zadd(lastSeen, data.now(), user);
  data.expire(lastSeen, retention);
  for (const silent of silentUntil(data, expiry, data.now() - hour, 2)) {
    takeOffline(data, keys, silent, readRecord(data.hget(users, silent))?.seen ?? data.now());
    tell(data, feed, { who, status: 'offline', user: silent });
  }
}

function tell(data: LocalData, feed: string, told: Parameters<typeof announce>[2]): string {
  const number = announce(data, feed, told);
  trim(data, feed);
  return number;
}

function lengthen(data: LocalData, keys: Keys, lasting: number): void {
  const left = data.lifetime(keys[0]) ?? 0;
  if (left !== Infinity && left >= lasting) return;
  for (const key of keys.slice(0, 4)) data.expire(key, lasting + hour);
}
