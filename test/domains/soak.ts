/**
 * `npm run soak`: ids that come and go for minutes, in every domain cache on one Redis. What they leave behind must level
 * off, on the server and in this process. Exit code 0: it did; 1: something grows; 2: wrong usage.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout as sleep } from 'node:timers/promises';

import { connect, type Store } from 'cenote';
import { ConversationCache } from 'cenote/conversations';
import { MessageCache } from 'cenote/messages';
import { PresenceCache } from 'cenote/presence';
import { RoomCache } from 'cenote/rooms';
import { SessionCache } from 'cenote/sessions';

import { startRedis, type RedisServer } from '../servers/redis.js';

const help = `Ids that come and go, in every domain cache on one Redis: what they leave behind must level off.

  npm run soak -- [options]

  --minutes N   default 10; parts of minutes are fine
  --json        the samples as JSON
  --help
`;

/** How long what is written lives: short beside the run, so that what is left is what does not go. */
const life = '3s';

/** Users and rooms: what is known of each of these lives for longer than a run. */
const lasting = 500;

const loops = 8;

/** Lives a second: with a steady pace, what does not go shows as growth. */
const pace = 600;

const samplesPerRun = 60;

/** Growth of the last third over the third before that is noise. */
const slack = { share: 0.05, redisBytes: 512 * 1024, heapBytes: 3 * 1024 * 1024, keys: 200 };

interface Sample {
  readonly seconds: number;
  readonly operations: number;
  readonly redisBytes: number;
  readonly keys: number;
  readonly heapBytes: number;
}

type Measure = 'redisBytes' | 'keys' | 'heapBytes';

/** One life of each kind, under an id that nobody has used before. */
function lives(store: Store): ((id: string, lastingId: string) => Promise<unknown>)[] {
  const prefix = 'soak';
  const sessions = new SessionCache({ store, prefix, longestToken: life });
  const messages = new MessageCache({ store, prefix, ttl: life, remember: life, unreadTtl: life });
  const presence = new PresenceCache({ store, prefix, retention: life });
  const conversations = new ConversationCache({ store, prefix });
  const rooms = new RoomCache<{ readonly id: string; readonly text: string }>({ store, prefix });
  return [
    // Sessions end by their time here: one that is deleted leaves a tombstone for an hour, by design.
    async (id, userId) => {
      const now = Date.now();
      const data = { userId, username: id, displayName: id, createdAt: now, lastActivity: now };
      const session = await sessions.create(data, life);
      await sessions.get(session);
      await sessions.extend(session, life);
      await sessions.invalidateToken(id, life);
    },
    async (id) => {
      const message = { id, conversationId: id, senderId: 'ana', content: 'x'.repeat(200), createdAt: Date.now() };
      await messages.loadConversationMessages(id, 50, () => [message]);
      await messages.addMessageToConversation(id, { ...message, id: `${id}b` });
      await messages.updateMessageStatus(id, 'read');
      await messages.deleteMessage(id);
      await messages.incrementUnreadCount(id, 'ana');
      await messages.markSent(id, 1);
      await messages.markRead(id, 'ana', 1);
    },
    async (id) => {
      await presence.setOnline(id, life, { connectionId: 'phone' });
      await presence.setTyping(id, id, life);
      await presence.setAway(id);
      await presence.getBulkStatus([id]);
    },
    async () => presence.sweep(),
    async (id) => {
      const one = { id: 'c', type: 'direct', name: 'x', lastMessageAt: Date.now() };
      const list = [{ ...one, unreadCount: 0, isPinned: false, isMuted: false }];
      await conversations.setUserConversations(id, list, life);
      await conversations.updateLastMessage(id, 'c', 'm', 'text', Date.now());
      await conversations.getUserConversations(id, 10);
    },
    async (id, lastingId) => {
      await rooms.setCachedRoom(lastingId, id, { id: lastingId, text: 'x'.repeat(200) }, life);
      await rooms.updateRoomCacheWithNewMessage({ id, roomId: lastingId, content: 'x', createdAt: Date.now() });
      await rooms.getCachedRoom(lastingId, id);
      await rooms.setCachedMessage(id, { id, roomId: lastingId, content: 'x', createdAt: Date.now() }, life);
    },
  ];
}

async function soak(minutes: number, onSample: (sample: Sample) => void): Promise<Sample[]> {
  const redis = await startRedis();
  const store = connect({ url: redis.url, deadline: '5s' });
  const samples: Sample[] = [];
  let operations = 0;
  const work = { goesOn: true };
  try {
    await store.ready({ deadline: 10_000 });
    const all = lives(store);
    const began = performance.now();
    const workers = Array.from({ length: loops }, async (_, loop) => {
      for (let count = 0; work.goesOn; count++) {
        await all[count % all.length]?.(`i${loop}-${count}`, `r${count % lasting}`);
        operations++;
        await sleep(Math.max(0, began + ((count + 1) * loops * 1_000) / pace - performance.now()));
      }
    });
    for (let sample = 1; sample <= samplesPerRun; sample++) {
      await sleep(Math.max(0, began + (minutes * 60_000 * sample) / samplesPerRun - performance.now()));
      samples.push(await take(redis, (performance.now() - began) / 1_000, operations));
      onSample(samples.at(-1) as Sample);
    }
    work.goesOn = false;
    await Promise.all(workers);
    return samples;
  } finally {
    work.goesOn = false;
    await store.close();
    await redis.stop();
  }
}

async function take(redis: RedisServer, seconds: number, operations: number): Promise<Sample> {
  collectGarbage();
  const info = String(await redis.command('INFO', 'memory'));
  return {
    seconds: Math.round(seconds),
    operations,
    redisBytes: Number(/used_memory:(\d+)/.exec(info)?.[1]),
    keys: Number(await redis.command('DBSIZE')),
    heapBytes: process.memoryUsage().heapUsed,
  };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Measures whose last third lies above the third before it by more than noise. */
function growing(samples: readonly Sample[]): string[] {
  const third = Math.floor(samples.length / 3);
  const measures: readonly Measure[] = ['redisBytes', 'keys', 'heapBytes'];
  return measures.flatMap((measure) => {
    const before = median(samples.slice(third, 2 * third).map((sample) => sample[measure]));
    const last = median(samples.slice(2 * third).map((sample) => sample[measure]));
    return last > before * (1 + slack.share) + slack[measure] ? [`${measure} grows: from ${before} to ${last}`] : [];
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 10_000)) {
    console.error(`--minutes ${values.minutes}: must be a number above 0 and at most 10000`);
    return 2;
  }
  const samples = await soak(minutes, (sample) => process.stderr.write(`${lineOf(sample)}\n`));
  const found = growing(samples);
  if (values.json) console.log(JSON.stringify({ samples, growing: found }, undefined, 2));
  else console.log(found.length === 0 ? `nothing grows: ${lineOf(samples.at(-1) as Sample)}` : found.join('\n'));
  return found.length === 0 ? 0 : 1;
}

function lineOf({ seconds, operations, redisBytes, keys, heapBytes }: Sample): string {
  const mega = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  return `${seconds} s, ${operations} lives: Redis ${mega(redisBytes)} in ${keys} keys, heap ${mega(heapBytes)}`;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') ? (error as Error).message : error);
  process.exitCode = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') ? 2 : 1;
}
