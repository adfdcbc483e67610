import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { spread } from './report.js';
import { moment, Truth } from './truth.js';

let folder: string;
let ours: Truth;
let theirs: Truth;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'truth-'));
  const path = join(folder, 'truth');
  await writeFile(path, Buffer.alloc(Truth.size(2, 2)));
  ours = new Truth(path, 2, 0);
  theirs = new Truth(path, 2, 1);
});

afterAll(async () => {
  ours.close();
  theirs.close();
  await rm(folder, { recursive: true });
});

test('what another server has promised binds us from when it was promised, what we have promised at once', () => {
  const start = moment();
  theirs.acknowledge(0, theirs.commit(0));
  const between = moment();
  ours.acknowledge(0, ours.commit(0));
  const look = ours.look(0);
  expect(look.committed).toEqual([1, 1]);
  expect(look.floor()).toEqual([1, 1]);
  expect(look.floor(start)).toEqual([1, 1]);
  expect(theirs.look(0).floor(between)).toEqual([0, 1]);
  expect(ours.look(1).floor()).toEqual([0, 0]);
});

test('a value that lags is as old as the first promise that it breaks', () => {
  const now = moment();
  const look = ours.look(0);
  expect(look.ageOf([1, 1], now)).toBe(0);
  expect(look.ageOf([0, 0], now)).toBeGreaterThan(look.ageOf([0, 1], now));
});

test('percentiles of counted milliseconds', () => {
  expect(spread({})).toBe('none');
  expect(spread({ 2: 50, 0: 40, 90: 9, 150: 1 })).toBe(
    'p50 2, p90 2, p99 90, p99.9 150, most 150 ms since the acknowledgement',
  );
});
