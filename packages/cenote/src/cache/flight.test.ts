import { describe, expect, test } from 'vitest';

import { Deferred } from '../core/deferred.js';
import { fakeClock } from '../testing/fake-clock.js';
import { Flight } from './flight.js';
import { Flights, wantedId, type Wanted } from './flights.js';
import { Load } from './load.js';

/** A flight whose questions are answered by the test. */
function flying(isBackground = false) {
  const flight = new Flight(isBackground);
  const asked: Deferred<boolean>[] = [];
  const running = new Load({ key: 'k', load: () => new Promise(() => {}), hard: 1_000, clock: fakeClock() });
  running.result.catch(() => undefined);
  const begin = (): void =>
    flight.begin(
      {
        versions: new Map([['tag:{t}', 'v']]),
        isHeld: () => (asked.push(new Deferred<boolean>()), (asked.at(-1) as Deferred<boolean>).promise),
      },
      running,
    );
  flight.outcome = new Promise(() => {});
  return { flight, asked, running, begin };
}

describe('joining', () => {
  test('is free before the load has begun', async () => {
    const { flight, asked } = flying();
    expect(await flight.mayJoin()).toBe(true);
    expect(asked).toHaveLength(0);
  });

  test('costs one question for all who wait when it is sent, and one for those who come meanwhile', async () => {
    const { flight, asked, begin } = flying();
    begin();
    const first = flight.mayJoin();
    const second = [flight.mayJoin(), flight.mayJoin()];
    expect(asked).toHaveLength(1);
    asked[0]?.resolve(true);
    expect(await first).toBe(true);
    expect(asked).toHaveLength(2);
    asked[1]?.resolve(false);
    expect(await Promise.all(second)).toEqual([false, false]);
  });

  test('is refused to those who arrived after a question that was answered well', async () => {
    const { flight, asked, begin } = flying();
    begin();
    const early = flight.mayJoin();
    asked[0]?.resolve(true);
    const late = flight.mayJoin();
    expect(await early).toBe(true);
    asked[1]?.resolve(false);
    expect(await late).toBe(false);
  });

  test('rejects when the store is away, and those who wait ask again', async () => {
    const { flight, asked, begin } = flying();
    begin();
    const first = flight.mayJoin();
    const second = flight.mayJoin();
    asked[0]?.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    asked[1]?.resolve(true);
    expect(await second).toBe(true);
  });

  test('is refused without a question once this process has invalidated the key', async () => {
    const { flight, asked, begin } = flying();
    flight.doom();
    expect(flight.isDoomed).toBe(false);
    begin();
    flight.doom();
    expect([flight.isDoomed, await flight.mayJoin(), asked.length]).toEqual([true, false, 0]);
  });
});

describe('leaving', () => {
  test('ends the load with the last who waits', async () => {
    const { flight, running, begin } = flying();
    begin();
    const [one, other] = [new AbortController(), new AbortController()];
    const waits = [one, other].map(({ signal }) => expect(flight.share(signal)).rejects.toThrow('left'));
    one.abort(new Error('left'));
    await waits[0];
    expect(running.isAborted).toBe(false);
    other.abort(new Error('left'));
    await waits[1];
    expect([running.isAborted, flight.isAbandoned, await flight.mayJoin()]).toEqual([true, true, false]);
    expect(await flight.share(undefined)).toEqual({ kind: 'again' });
  });

  test('before the load begins ends it when it does', async () => {
    const { flight, running, begin } = flying();
    await expect(flight.share(AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
    begin();
    expect(running.isAborted).toBe(true);
  });

  test('ends nothing that nobody had to wait for', async () => {
    const { flight, running, begin } = flying(true);
    begin();
    await expect(flight.share(AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
    expect(running.isAborted).toBe(false);
  });
});

describe('the flights of a process', () => {
  const wanted = (key: string, ...tags: string[]): Wanted => ({
    key: { raw: key, stored: `P:${key}` },
    tags: tags.map((code) => ({ code, key: `tag:{${code}}` })),
  });

  test('are told apart by the tags that their callers name', () => {
    const flights = new Flights();
    const flight = new Flight(false);
    flights.set(wanted('k', 'a'), flight);
    expect([flights.get(wanted('k', 'a')), flights.get(wanted('k')), flights.get(wanted('k', 'a', 'b'))]).toEqual([
      flight,
      undefined,
      undefined,
    ]);
    expect(wantedId(wanted('k x'))).not.toBe(wantedId(wanted('k', 'x')));
  });

  test('are taken out only by themselves', () => {
    const flights = new Flights();
    const [one, other] = [new Flight(false), new Flight(false)];
    flights.set(wanted('k'), one);
    flights.set(wanted('k'), other);
    flights.delete(wanted('k'), one);
    expect(flights.get(wanted('k'))).toBe(other);
    flights.delete(wanted('k'), other);
    expect(flights.get(wanted('k'))).toBeUndefined();
  });

  test('are doomed by key, by pattern and by tag', () => {
    const arrange = () => {
      const flights = new Flights();
      const [plain, tagged] = [flying(), flying()];
      flights.set(wanted('k'), plain.flight);
      flights.set(wanted('user:7', 'x'), tagged.flight);
      plain.begin();
      tagged.begin();
      return { flights, doomed: () => [plain.flight.isDoomed, tagged.flight.isDoomed] };
    };
    const byKey = arrange();
    byKey.flights.doomKey('P:k');
    expect(byKey.doomed()).toEqual([true, false]);
    const byPattern = arrange();
    byPattern.flights.doomWhere((raw) => raw.startsWith('user:'));
    expect(byPattern.doomed()).toEqual([false, true]);
    const byTag = arrange();
    byTag.flights.doomTagged([{ code: 't', key: 'tag:{t}' }]);
    expect(byTag.doomed()).toEqual([true, true]);
    const byOther = arrange();
    byOther.flights.doomTagged([{ code: 'u', key: 'tag:{u}' }]);
    expect(byOther.doomed()).toEqual([false, false]);
  });
});
