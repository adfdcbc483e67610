import type { RedisServer } from '../servers/redis.js';
import type { TcpProxy } from '../servers/tcp-proxy.js';
import type { Fault } from './kinds.js';
import type { Random } from './random.js';
import { prefix } from './shelf.js';

/** What lies between the servers and the truth: one Redis, and a network for each connection. */
export interface Surroundings {
  readonly redis: RedisServer;
  readonly networks: readonly TcpProxy[];
}

/** Flips one bit of an entry somewhere. KEYS 1 entry · ARGV 1 two chances */
const flip = `local length = redis.call('STRLEN', KEYS[1])
if length == 0 or string.sub(redis.call('GETRANGE', KEYS[1], 0, 8), 1, 9) ~= 'cenote/1 ' then return 0 end
local at = math.floor(tonumber(ARGV[1]) * length)
local byte = string.byte(redis.call('GETRANGE', KEYS[1], at, at))
local bit = 2 ^ math.floor(tonumber(ARGV[2]) * 8)
local flipped = math.floor(byte / bit) % 2 == 0 and byte + bit or byte - bit
redis.call('SETRANGE', KEYS[1], at, string.char(flipped))
return 1`;

/** Makes trouble, one at a time, until told to stop; then all is well again. */
export class Weather {
  readonly #around: Surroundings;
  readonly #faults: readonly Fault[];
  readonly #random: Random;
  #done = false;
  #storm: Promise<void> = Promise.resolve();
  readonly #sleepers = new Set<() => void>();
  troubles = 0;

  /** Milliseconds between troubles, about. */
  readonly #rest: number;

  constructor(around: Surroundings, faults: readonly Fault[], random: Random, rest = 4) {
    this.#rest = rest;
    this.#around = around;
    this.#faults = faults;
    this.#random = random;
  }

  begin(): void {
    this.#done = false;
    this.#storm = this.#rage();
  }

  /** Resolves when Redis is up and takes writes, and every network passes. */
  async calm(): Promise<void> {
    this.#done = true;
    for (const wake of this.#sleepers) wake();
    await this.#storm;
  }

  async #rage(): Promise<void> {
    const delays = this.#delay();
    while (!this.#done && this.#faults.length > 0) {
      await this.#wait(this.#rest * (1 + this.#random.below(4)));
      if (this.#done) break;
      await this.#make(this.#random.pick(this.#faults));
      this.troubles++;
    }
    await delays;
  }

  /** A network is never equally slow for long. */
  async #delay(): Promise<void> {
    while (!this.#done) {
      for (const network of this.#around.networks) network.delay(this.#random.pick([0, 0, 0, 1, 1, 2, 4]));
      await this.#wait(10);
    }
    for (const network of this.#around.networks) network.delay(0);
  }

  #make(fault: Fault): Promise<void> {
    return {
      damage: () => this.#damage(),
      refusals: () => this.#refuse(),
      cuts: () => this.#cut(),
      restarts: () => this.#restart(),
    }[fault]();
  }

  async #damage(): Promise<void> {
    const { redis } = this.#around;
    const [, keys] = (await redis.command(
      'SCAN',
      `${this.#random.below(4_096)}`,
      'MATCH',
      `${prefix}:*:*:*`,
      'COUNT',
      '400',
    )) as [string, string[]];
    const entries = keys.filter((key) => !key.startsWith(`${prefix}:lease`));
    await Promise.all(
      entries
        .filter(() => this.#random.chance(0.3))
        .map((key) => redis.command('EVAL', flip, '1', key, `${this.#random.next()}`, `${this.#random.next()}`)),
    );
  }

  /** Redis answers reads and refuses writes, as a replica and a full server do. */
  async #refuse(): Promise<void> {
    const { redis } = this.#around;
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
    await this.#wait(10 + this.#random.below(70));
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
  }

  async #cut(): Promise<void> {
    const network = this.#random.pick(this.#around.networks);
    if (this.#random.chance(0.3)) {
      network.blackhole();
      await this.#wait(20 + this.#random.below(200));
      await network.pass();
    } else network.cut();
  }

  /** Redis dies and comes back with what it once saved: what was deleted since is there again. */
  async #restart(): Promise<void> {
    const { redis } = this.#around;
    await redis.command('SAVE');
    await this.#wait(10 + this.#random.below(60));
    await redis.kill();
    await redis.start();
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
