import { describe, expect, test, vi } from 'vitest';

import { LoadTimeoutError } from '../core/errors.js';
import { Deferred } from '../core/deferred.js';
import { fakeClock } from '../testing/fake-clock.js';
import { Load, until, type Loader, type LoadRequest } from './load.js';

function start(load: Loader, more: Partial<LoadRequest> = {}) {
  const clock = fakeClock();
  return { clock, running: new Load({ key: 'k', load, hard: 1_000, clock, ...more }) };
}

describe('a load', () => {
  test('gives what its loader returns, at once or later, and how long it took', async () => {
    expect(await start(() => 0).running.result).toMatchObject({ value: 0, cost: 0 });
    const answer = new Deferred<string>();
    const { clock, running } = start(() => answer.promise);
    clock.advance(250);
    answer.resolve('late');
    expect(await running.result).toMatchObject({ value: 'late', cost: 250 });
    expect(clock.pending).toBe(0);
  });

  test.each([
    [
      'throws',
      (): never => {
        throw new TypeError('mine');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('mine'))],
  ])('is the error of a loader that %s', async (_, load) => {
    await expect(start(load).running.result).rejects.toThrow(new TypeError('mine'));
  });

  test('ends at the hard deadline, whether or not the loader heeds its signal', async () => {
    let signal: AbortSignal | undefined;
    const { clock, running } = start((context) => {
      ({ signal } = context);
      return new Promise(() => {});
    });
    const ended = running.result.catch((error: unknown) => error);
    clock.advance(999);
    expect(running.isAborted).toBe(false);
    clock.advance(1);
    expect(await ended).toBeInstanceOf(LoadTimeoutError);
    expect(signal?.reason).toBeInstanceOf(LoadTimeoutError);
  });

  test('ends when it is aborted, and a later failure of its loader is nobody’s', async () => {
    const answer = new Deferred<string>();
    const { clock, running } = start(() => answer.promise);
    const left = new Error('left');
    const ended = running.result.catch((error: unknown) => error);
    running.abort(left);
    expect(await ended).toBe(left);
    answer.reject(new Error('too late to matter'));
    expect(clock.pending).toBe(0);
  });

  test('says what the loader wished', async () => {
    const { running } = start(({ setTtl, setVersion, skip }) => {
      setTtl('2s');
      setVersion(7n);
      skip();
    });
    expect((await running.result).wishes).toEqual({ ttl: 2_000, version: 7n, skip: true, late: false });
  });

  test.each([
    ['setTtl', (context: Parameters<Loader>[0]) => context.setTtl(0)],
    ['setTtl', (context: Parameters<Loader>[0]) => context.setTtl('soon' as '1s')],
    ['setVersion', (context: Parameters<Loader>[0]) => context.setVersion(-1)],
    ['setVersion', (context: Parameters<Loader>[0]) => context.setVersion(1.5)],
    ['addTags', (context: Parameters<Loader>[0]) => context.addTags('')],
  ])('refuses a wrong %s', async (field, load) => {
    await expect(start(load).running.result).rejects.toMatchObject({ code: 'USAGE', field });
  });

  test('shows the stale value only when there is one', async () => {
    const stale: Loader = (context) => Object.keys(context).includes('stale') && context.stale;
    expect((await start(stale, { stale: 0 }).running.result).value).toBe(0);
    expect((await start(stale).running.result).value).toBe(false);
  });
});

describe('tags', () => {
  const capturing = (known = false) => {
    const capture = vi.fn<NonNullable<LoadRequest['capture']>>(() => ({ known, done: Promise.resolve() }));
    return { capture };
  };
  const isLate = async (load: Loader, more: Partial<LoadRequest>): Promise<boolean> =>
    (await start(load, more).running.result).wishes.late;

  test('named first thing are in time', async () => {
    expect(await isLate(async ({ addTags }) => addTags('a'), capturing())).toBe(false);
  });

  test('named after something was awaited are late, unless they were known', async () => {
    const load: Loader = async ({ addTags }) => {
      await Promise.resolve();
      await addTags('a');
    };
    expect(await isLate(load, capturing(false))).toBe(true);
    expect(await isLate(load, capturing(true))).toBe(false);
  });

  test('whose capture outlasts the load are late', async () => {
    const capture = (): { known: boolean; done: Promise<void> } => ({
      known: false,
      done: new Promise<void>(() => {}),
    });
    expect(await isLate(({ addTags }) => void addTags('a'), { capture })).toBe(true);
  });

  test('are nothing to a load that is not stored', async () => {
    expect(
      await isLate(async ({ addTags }) => {
        await Promise.resolve();
        await addTags('a');
      }, {}),
    ).toBe(false);
  });
});

describe('until', () => {
  test('leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    expect(await until(signal, Promise.resolve(1))).toBe(1);
    await expect(until(signal, Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(removed).toHaveBeenCalledTimes(2);
  });

  test('rejects with the reason of a signal that was aborted before', async () => {
    await expect(until(AbortSignal.abort(new Error('gone')), new Promise(() => {}))).rejects.toThrow('gone');
  });
});
