import type { CallOptions } from '../../store/store.js';
import type { Ground } from '../kit/ground.js';
import { askAll, askShards } from './ask.js';
import type { Feed } from './feed.js';
import { everyShard, shardKeys } from './shards.js';
import { hasSilent, sweepShard } from './sweep.js';

/** Users that one script takes offline: it holds up the server for some 100 µs. */
const most = 100;

/** What a sweeper signs its next sweep of a shard with, and whether the answer to one so signed may have been lost. */
interface Turn {
  number: number;
  isUnsure: boolean;
}

/**
 * Takes users offline who have fallen silent, and reports each once: the script that removes a user from those who expire
 * is the only one to report it. If its answer is lost, the next sweep, signed alike, asks for it again. Where nobody is
 * silent no such script is sent: all shards are looked at first, at once.
 */
export class Sweeper {
  readonly #ground: Ground;
  readonly #feed: Feed;
  readonly #who: string;
  readonly #retention: number;
  readonly #turns = everyShard.map((): Turn => ({ number: 0, isUnsure: false }));
  /** Whom no caller has been given yet. */
  #silent: string[] = [];
  #running: Promise<unknown> = Promise.resolve();

  constructor(ground: Ground, feed: Feed, who: string, retention: number) {
    this.#ground = ground;
    this.#feed = feed;
    this.#who = who;
    this.#retention = retention;
  }

  /** One sweep at a time: a turn belongs to one. */
  sweep(call: CallOptions): Promise<string[]> {
    const sweep = this.#running.then(() => this.#sweep(call));
    this.#running = sweep.catch(() => undefined);
    return sweep;
  }

  async #sweep(call: CallOptions): Promise<string[]> {
    const hints = await askShards(this.#ground, call, everyShard, (some) =>
      this.#ground.store.run(hasSilent, { keys: some.map(({ keys }) => keys), retention: this.#retention }, call),
    );
    const due = everyShard.filter(({ shard }) => hints[shard] || (this.#turns[shard] as Turn).isUnsure);
    await askAll(this.#ground, call, due, async ({ shard }, epoch) => {
      while (await this.#sweepSome(shard, epoch, call));
    });
    const silent = this.#silent;
    this.#silent = [];
    return silent;
  }

  async #sweepSome(shard: number, epoch: string, call: CallOptions): Promise<boolean> {
    const turn = this.#turns[shard] as Turn;
    const again = turn.isUnsure;
    turn.isUnsure = true;
    const { more, silent } = await this.#ground.store.run(
      sweepShard,
      {
        keys: shardKeys(this.#ground, shard, epoch),
        who: `${this.#who}.${turn.number}`,
        again,
        most,
        retention: this.#retention,
      },
      call,
    );
    turn.isUnsure = false;
    turn.number++;
    for (const { user, number } of silent) {
      this.#silent.push(user);
      this.#feed.tell(shard, number, user, 'offline');
    }
    return more;
  }
}
