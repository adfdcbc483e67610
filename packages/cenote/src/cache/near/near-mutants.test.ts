/** Each safeguard of the memory tier, taken away: the scenario of its rule must see it. Nothing here ships. */
// oxlint-disable typescript/unbound-method -- what a patch replaces is called with its own `this`
import { afterEach, describe, expect, test, vi } from 'vitest';

import { FaultyFeed } from '../../testing/faulty-feed.js';
import type { Watch } from '../../store/store.js';
import { memoryWorld, type World } from '../world.fixture.js';
import { Near } from './near.js';
import * as scenario from './near-scenarios.fixture.js';

afterEach(() => void vi.restoreAllMocks());

interface Mutant {
  readonly without: string;
  readonly patch: (world: World) => unknown;
  readonly plays: readonly ((world: World) => Promise<string>)[];
}

const mutants: readonly Mutant[] = [
  {
    without: 'the ticket',
    patch: () =>
      aroundPut((put, ticket, ...rest) => {
        for (const tag of ticket.tags) tag.isGood = true;
        put(Object.assign(ticket, { isValid: true }), ...rest);
      }),
    plays: [(world) => scenario.changeOvertakesReply(world, 'del'), scenario.feedLostDuringRead],
  },
  {
    without: 'the tags of the ticket',
    patch: () =>
      aroundPut((put, ticket, ...rest) => {
        for (const tag of ticket.tags) tag.isGood = true;
        put(ticket, ...rest);
      }),
    plays: [(world) => scenario.changeOvertakesReply(world, 'tag'), scenario.tagOvertakesSecondReply],
  },
  {
    without: 'the removal of copies that have changed',
    patch: () => vi.spyOn(Near.prototype, 'changed').mockReturnValue(undefined),
    plays: [(world) => scenario.changeElsewhere(world, 'del'), (world) => scenario.changeElsewhere(world, 'pattern')],
  },
  {
    without: 'the end of a tag state that has changed',
    patch: () => vi.spyOn(Near.prototype, 'forgetTag').mockReturnValue(undefined),
    plays: [(world) => scenario.changeElsewhere(world, 'tag'), scenario.tagOvertakesSecondReply],
  },
  {
    without: 'the flush when the feed is lost',
    patch: () => vi.spyOn(Near.prototype, 'lost').mockReturnValue(undefined),
    plays: [
      (world) => scenario.feedLost(world, 'del'),
      (world) => scenario.feedLost(world, 'tag'),
      scenario.feedLostDuringRead,
    ],
  },
  {
    without: 'the heartbeat',
    patch: alwaysAlive,
    plays: [(world) => scenario.silence(world, 'del'), (world) => scenario.silence(world, 'tag'), scenario.frozen],
  },
  {
    without: 'the bound',
    patch: (world) => {
      const { process } = world;
      Object.assign(world, { process: () => process({ ttl: '10m', near: { bound: '1h' } }) });
    },
    plays: [(world) => scenario.silence(world, 'del'), scenario.frozen],
  },
  {
    without: 'the look at the first hit of a turn',
    patch: endlessTurn,
    plays: [scenario.frozen],
  },
  {
    without: 'the suspicion of a clock that jumps',
    patch({ clock }) {
      const start = clock.now();
      vi.spyOn(clock, 'now').mockImplementation(() => start + clock.monotonic());
    },
    plays: [scenario.suspended],
  },
  {
    without: 'the second removal, at the acknowledgement',
    patch() {
      const { forget, forgetTag, forgetAll } = Near.prototype;
      const once = <Args extends unknown[]>(body: (this: Near, ...args: Args) => void) => {
        let calls = 0;
        return function (this: Near, ...args: Args): void {
          if (calls++ === 0) body.apply(this, args);
        };
      };
      vi.spyOn(Near.prototype, 'forget').mockImplementation(once(forget));
      vi.spyOn(Near.prototype, 'forgetTag').mockImplementation(once(forgetTag));
      vi.spyOn(Near.prototype, 'forgetAll').mockImplementation(once(forgetAll));
    },
    plays: (['del', 'set', 'tag', 'pattern'] as const).map(
      (change) => (world: World) => scenario.readDuringOwn(world, change),
    ),
  },
];

describe.each(mutants)('$without', ({ patch, plays }) => {
  test('is there', async () => {
    for (const play of plays) expect(await play(memoryWorld())).toBe('fresh');
  });

  test('is missed when it is taken away', async () => {
    for (const [index, play] of plays.entries()) {
      const world = memoryWorld();
      patch(world);
      expect(await play(world), `play ${index}`).toBe('stale');
      vi.restoreAllMocks();
    }
  });
});

type Put = Near['put'];

/** Puts copies otherwise. */
function aroundPut(change: (put: Put, ...args: Parameters<Put>) => void): void {
  const { put } = Near.prototype;
  vi.spyOn(Near.prototype, 'put').mockImplementation(function (this: Near, ...args) {
    change(put.bind(this), ...args);
  });
}

/** Every feed says that it is alive. */
function alwaysAlive(): void {
  const { watch } = FaultyFeed.prototype;
  vi.spyOn(FaultyFeed.prototype, 'watch').mockImplementation(function (this: FaultyFeed, ...args): Watch {
    const { stop } = watch.apply(this, args);
    return { aliveAt: Infinity, stop };
  });
}

/** Whoever waits for the end of a turn of the event loop to look again waits for ever. */
function endlessTurn(): void {
  const { setImmediate } = globalThis;
  vi.spyOn(globalThis, 'setImmediate').mockImplementation((run: () => void) =>
    setImmediate(String(run).includes('#credit') ? () => undefined : run),
  );
}
