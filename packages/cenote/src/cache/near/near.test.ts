import { describe, expect, test } from 'vitest';

import { memoryWorld, type World } from '../world.fixture.js';
import * as scenario from './near-scenarios.fixture.js';

describe('what was loaded before a change is not served', () => {
  test.each<[string, (world: World) => Promise<string>]>([
    ...(['del', 'set', 'tag', 'pattern'] as const).flatMap((change): [string, (world: World) => Promise<string>][] => [
      [`after a ${change} elsewhere`, (world) => scenario.changeElsewhere(world, change)],
      [`when a ${change} overtakes the reply`, (world) => scenario.changeOvertakesReply(world, change)],
      [`when the feed was lost during a ${change}`, (world) => scenario.feedLost(world, change)],
      [`beyond the bound after a ${change} in silence`, (world) => scenario.silence(world, change)],
      [`after its own ${change}, whatever was read meanwhile`, (world) => scenario.readDuringOwn(world, change)],
    ]),
    ...(['del', 'tag', 'pattern'] as const).map((change): [string, (world: World) => Promise<string>] => [
      `while a ${change} is kept`,
      (world) => scenario.readsDuringKept(world, change),
    ]),
    ['when a tag changes during the second round', scenario.tagOvertakesSecondReply],
    ['when the feed is lost and found during a read', scenario.feedLostDuringRead],
    ['by a process that was frozen', scenario.frozen],
    ['by a machine that was suspended', scenario.suspended],
    ['after a failover', scenario.failover],
    ['under a tag that a batch asked for on behalf of another entry', scenario.tagOfNeighbour],
  ])('%s', async (_, play) => {
    expect(await play(memoryWorld())).toBe('fresh');
  });
});
