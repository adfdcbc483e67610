import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { testRedis, type SharedRedis } from '../../../../../test/servers/redis.js';
import { CenoteError } from '../../core/errors.js';
import { connect } from '../../store/connect.js';
import { memoryStore } from '../../store/memory/memory-store.js';
import type { Store } from '../../store/store.js';
import { oneSlot } from './one-slot.fixture.js';

/** One thing that may be done, and what a naive model makes of it. */
export interface Step<Subject, Model> {
  readonly say: string;
  readonly run: (subject: Subject) => Promise<unknown>;
  /** What it answers; without it the stores are only compared with each other. */
  readonly expected?: (model: Model) => unknown;
}

export interface Comparison<Subject, Model> {
  readonly steps: fc.Arbitrary<Step<Subject, Model>>;
  /** What the steps are done to, on a store and under a prefix of its own. */
  readonly subject: (store: Store, prefix: string) => Subject;
  readonly model: () => Model;
  /** Compared when all steps are done. */
  readonly state?: (subject: Subject) => Promise<unknown>;
  /** Default 300. */
  readonly runs?: number;
}

/**
 * Declares a test, for a `*.redis.test.ts`: whatever is done, both stores and a naive model answer the same, and every
 * operation keeps to one slot. Let lifetimes be over at once or far away, so that no clock decides.
 */
export function compareStores<Subject, Model>(comparison: Comparison<Subject, Model>): void {
  const { steps, subject, model: makeModel, state, runs = 300 } = comparison;
  let redis: SharedRedis;
  let remote: Store;
  beforeAll(async () => {
    redis = await testRedis();
    remote = connect({ url: redis.url, deadline: '5s' });
    await remote.health();
  });
  afterAll(async () => {
    await remote.close();
    await redis.stop();
  });

  test('both stores and the model answer the same, whatever is done', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 40 }), async (done) => {
        const prefix = `${redis.prefix}-${run++}`;
        const ours = subject(oneSlot(memoryStore()), prefix);
        const theirs = subject(oneSlot(remote), prefix);
        const model = makeModel();
        for (const { say, run: act, expected } of done) {
          const [local, far] = await Promise.all([outcome(act(ours)), outcome(act(theirs))]);
          expect([say, local]).toEqual([say, far]);
          if (expected) expect([say, local]).toEqual([say, expected(model)]);
        }
        if (state) expect(await state(ours)).toEqual(await state(theirs));
      }),
      { numRuns: runs },
    );
  }, 60_000);
}

/** What becomes of a step; a refusal is an answer too. */
async function outcome(step: Promise<unknown>): Promise<unknown> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof CenoteError) return error.code;
    throw error;
  }
}
