import fc from 'fast-check';
import { expect, test } from 'vitest';

import { memoryStore } from '../../store/memory/memory-store.js';
import { Cells } from './cell.fixture.js';
import { claim } from './claim.js';
import { compareStores, type Step } from './compare.fixture.js';
import { oneSlot } from './one-slot.fixture.js';

const hour = 3_600_000;
const id = fc.constantFrom('a', 'b');
const epoch = fc.constantFrom('e', 'f', 'e.');

/** What stands under each id. */
type Model = Map<string, string>;

const step: fc.Arbitrary<Step<Cells, Model>> = fc.oneof(
  fc.tuple(id, fc.string({ maxLength: 3 })).map(([of, value]) => ({
    say: `set ${of} ${value}`,
    run: (cells: Cells) => cells.set(of, value),
    expected: (model: Model) => model.set(of, value) && true,
  })),
  id.map((of) => ({
    say: `get ${of}`,
    run: (cells: Cells) => cells.get(of),
    expected: (model: Model) => model.get(of),
  })),
  fc.tuple(id, fc.option(fc.string({ maxLength: 3 }), { nil: undefined })).map(([of, value]) => ({
    say: `load ${of} ${value}`,
    run: (cells: Cells) => cells.load(of, () => value),
    expected(model: Model) {
      if (!model.has(of) && value !== undefined) model.set(of, value);
      return model.get(of);
    },
  })),
  fc.tuple(id, epoch, fc.constantFrom('1', '2')).map(([of, under, token]) => ({
    say: `claim ${of} under ${under}`,
    run: ({ ground }: Cells) =>
      ground.store.run(claim, {
        lease: ground.lease(ground.key('cell', of)),
        epoch: under,
        token: `${under}.${token}`,
        life: hour,
      }),
  })),
);

compareStores<Cells, Model>({
  steps: step,
  subject: (store, prefix) => new Cells({ store, prefix }),
  model: () => new Map(),
});

test('an operation whose keys lie in different slots is found out', async () => {
  const store = oneSlot(memoryStore());
  const cells = new Cells({ store, prefix: 'p' });
  expect(await cells.set('1', 'v')).toBe(true);
  const astray = { lease: 'x', epoch: 'e', token: 'e.1', life: 1 };
  await expect(store.run({ ...claim, encode: () => ({ keys: ['a', 'b'], args: [] }) }, astray)).rejects.toThrow(
    'different slots',
  );
  expect(store.kind).toBe('memory');
  await store.close();
});
