import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { RedisServer } from '../servers/redis.js';
import type { Direction, TcpProxy } from '../servers/tcp-proxy.js';
import { skewsDate, type ClockErrors } from './clocks.js';
import type { Fault } from './kinds.js';
import { Random } from './random.js';
import { prefix } from './shelf.js';

/** What lies between the caches and the truth: one Redis, a network for each connection, and the servers themselves. */
export interface Surroundings {
  readonly redis: RedisServer;
  readonly networks: readonly TcpProxy[];
  readonly servers: readonly ChildProcess[];
  readonly clocks: ClockErrors;
}

/** The name of Redis's snapshot. */
export const snapshot = 'race.rdb';

/** Flips one bit of each entry, somewhere. KEYS entries · ARGV two chances for each */
const flip = `for i, key in ipairs(KEYS) do
  local length = redis.call('STRLEN', key)
  if length > 0 and redis.call('GETRANGE', key, 0, 8) == 'cenote/1 ' then
    local at = math.floor(tonumber(ARGV[2 * i - 1]) * length)
    local byte = string.byte(redis.call('GETRANGE', key, at, at))
    local bit = 2 ^ math.floor(tonumber(ARGV[2 * i]) * 8)
    redis.call('SETRANGE', key, at, string.char(math.floor(byte / bit) % 2 == 0 and byte + bit or byte - bit))
  end
end`;

/** What cannot happen to a thing twice at the same time: each lane makes one trouble after the other, all lanes go on together. */
const lanes: readonly { readonly faults: readonly Fault[]; readonly rests: number }[] = [
  { faults: ['damage'], rests: 1 },
  // Much is lost each time: in between, caches must get to be used.
  { faults: ['refusals', 'stalls', 'losses', 'restarts'], rests: 3 },
  { faults: ['delays', 'cuts', 'blackholes'], rests: 1 },
  { faults: ['freezes', 'suspensions', 'skews'], rests: 1 },
];

/** Milliseconds. A machine that slept for less would not be noticed, and would not matter. */
const leastSleep = 250;
export const mostSkew = 15 * 60_000;

/** Makes trouble until told to stop; then all is well again, but for clocks. */
export class Weather {
  readonly #around: Surroundings;
  readonly #lanes: readonly { readonly faults: readonly Fault[]; readonly rests: number; readonly random: Random }[];
  readonly #random: Random;
  /** Milliseconds between the troubles of a lane, about. */
  readonly #rest: number;
  #done = false;
  #storm: Promise<unknown> = Promise.resolve();
  readonly #sleepers = new Set<() => void>();
  /** Networks that are slower than it is usual. */
  readonly #slow = new Set<TcpProxy>();
  /** Troubles made, by fault. */
  readonly troubles: Partial<Record<Fault, number>> = {};

  constructor(around: Surroundings, faults: readonly Fault[], seed: number, rest: number) {
    this.#around = around;
    this.#random = new Random(seed, 'weather');
    this.#rest = rest;
    this.#lanes = lanes
      .map(({ faults: all, rests }) => ({ faults: all.filter((fault) => faults.includes(fault)), rests }))
      .filter((lane) => lane.faults.length > 0)
      .map(({ faults: some, rests }) => ({ faults: some, rests, random: new Random(seed, 'weather', ...some) }));
  }

  begin(): void {
    this.#done = false;
    this.#storm = Promise.all([
      this.#delay(),
      ...this.#lanes.map(({ faults, rests, random }) => this.#rage(faults, rests * this.#rest, random)),
    ]);
  }

  /** Resolves when Redis is up and takes writes, every network passes, and every server runs. */
  async calm(): Promise<void> {
    this.#done = true;
    for (const wake of this.#sleepers) wake();
    await this.#storm;
  }

  async #rage(faults: readonly Fault[], rest: number, random: Random): Promise<void> {
    while (!this.#done) {
      await this.#wait(rest * (1 + random.below(4)));
      if (this.#done) break;
      const fault = random.pick(faults);
      await this.#make(fault, random);
      this.troubles[fault] = (this.troubles[fault] ?? 0) + 1;
    }
  }

  /** A network is never equally slow for long. */
  async #delay(): Promise<void> {
    while (!this.#done) {
      for (const network of this.#around.networks)
        if (!this.#slow.has(network)) network.delay(this.#random.pick([0, 0, 0, 1, 1, 2, 4]));
      await this.#wait(10);
    }
    for (const network of this.#around.networks) network.delay(0);
  }

  #make(fault: Fault, random: Random): Promise<void> {
    return {
      damage: () => this.#damage(random),
      refusals: () => this.#refuse(random),
      stalls: () => this.#stall(random),
      losses: () => this.#lose(),
      restarts: () => this.#restart(random),
      delays: () => this.#slowDown(random),
      cuts: () => this.#cut(random),
      blackholes: () => this.#swallow(random),
      freezes: () => this.#freeze(random),
      suspensions: () => this.#suspend(random),
      skews: () => this.#skew(random),
    }[fault]();
  }

  async #damage(random: Random): Promise<void> {
    const { redis } = this.#around;
    const start = random.below(4_096);
    try {
      const found = await redis.command('SCAN', `${start}`, 'MATCH', `${prefix}:*:*:*`, 'COUNT', '400');
      const entries = (found as [string, string[]])[1].filter(
        (key) => !key.startsWith(`${prefix}:lease`) && random.chance(0.3),
      );
      const chances = entries.flatMap(() => [`${random.next()}`, `${random.next()}`]);
      await redis.command('EVAL', flip, `${entries.length}`, ...entries, ...chances);
    } catch {
      // Redis is away: worse things happen to it just now.
    }
  }

  /** As a replica and a full server do. */
  async #refuse(random: Random): Promise<void> {
    const { redis } = this.#around;
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
    await this.#wait(10 + random.below(70));
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
  }

  async #stall(random: Random): Promise<void> {
    this.#around.redis.pause();
    await this.#wait(20 + random.below(400));
    this.#around.redis.resume();
  }

  async #lose(): Promise<void> {
    const { redis } = this.#around;
    await redis.kill();
    await rm(join(redis.dir, snapshot), { force: true });
    await redis.start();
    await this.#wait(100);
  }

  async #restart(random: Random): Promise<void> {
    const { redis } = this.#around;
    await redis.command('SAVE');
    await this.#wait(10 + random.below(60));
    await redis.kill();
    await redis.start();
    await this.#wait(100);
  }

  async #slowDown(random: Random): Promise<void> {
    const network = random.pick(this.#around.networks);
    this.#slow.add(network);
    network.delay(5 + random.below(115), ...someWays(random));
    await this.#wait(50 + random.below(250));
    this.#slow.delete(network);
    network.delay(0);
  }

  async #cut(random: Random): Promise<void> {
    random.pick(this.#around.networks).cut();
  }

  async #swallow(random: Random): Promise<void> {
    const network = random.pick(this.#around.networks);
    network.blackhole(...someWays(random));
    await this.#wait(20 + random.below(400));
    if (random.chance(0.5)) network.cut();
    await network.pass();
  }

  async #freeze(random: Random): Promise<void> {
    const server = random.pick(this.#around.servers);
    server.kill('SIGSTOP');
    await this.#wait(random.chance(0.03) ? 2_300 : 20 + random.below(600));
    server.kill('SIGCONT');
  }

  /** As long as it sleeps a process's monotonic clock stands still; it wakes up with that. */
  async #suspend(random: Random): Promise<void> {
    const { servers, clocks } = this.#around;
    const index = random.pick([...servers.keys()].filter((server) => !skewsDate(server)));
    const server = servers[index] as ChildProcess;
    server.kill('SIGSTOP');
    await sleep(10);
    const began = performance.now();
    await sleep(leastSleep + random.below(400));
    const { skew, asleep } = clocks.read(index);
    clocks.write(index, { skew, asleep: asleep + performance.now() - began });
    server.kill('SIGCONT');
  }

  async #skew(random: Random): Promise<void> {
    const { servers, clocks } = this.#around;
    const index = random.below(servers.length);
    const skew = random.chance(0.2) ? 0 : (2 * random.next() - 1) * mostSkew;
    clocks.write(index, { ...clocks.read(index), skew });
    await this.#wait(100);
  }

  /** Ends early when calm is wanted. */
  async #wait(milliseconds: number): Promise<void> {
    if (this.#done) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#sleepers.add(wake);
    });
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** None stands for both. */
function someWays(random: Random): Direction[] {
  return random.pick([[], [], ['up'], ['down']] as Direction[][]);
}
