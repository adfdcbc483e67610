import { expect, test } from 'vitest';

import { memoryWorld, Source } from '../../cache/world.fixture.js';
import { Cells } from './cell.fixture.js';
import { throughSuite } from './through.suite.js';
import { domainProcess, onMemory } from './worlds.fixture.js';

onMemory(throughSuite);

test('who is about to join when the last who waited goes is not told of that one’s leaving', async () => {
  const world = memoryWorld();
  const { domain, store } = domainProcess(world, (options) => new Cells(options));
  const outcomes = new Set<string | undefined>();
  // At whatever step between the store's word and the joining the other goes.
  for (let steps = 0; steps < 40; steps++) {
    const id = `${steps}`;
    const controller = new AbortController();
    const slow = new Source().slow();
    const gone = domain.load(id, slow.load, { signal: controller.signal }).catch(String);
    await slow.hasRead;
    const word = store.hold('run:claim', 'after');
    const joins = domain.load(id, () => 'its own');
    await word.reached;
    word.release();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    controller.abort(new Error('gone'));
    await world.turns();
    slow.answer();
    outcomes.add(await world.soon(joins));
    expect(await gone).toContain('gone');
  }
  expect(outcomes).toEqual(new Set(['its own', 'old']));
  await world.close();
});
