import { describe, expect, test } from 'vitest';

import { fakeClock, type FakeClock } from '../testing/fake-clock.js';
import { Deadlines, Timed } from './deadline.js';

class Call extends Timed {
  readonly #clock: FakeClock;
  expiredAt: number | undefined;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  override expire(): void {
    this.expiredAt = this.#clock.monotonic();
  }
}

function arrange(): { clock: FakeClock; deadlines: Deadlines; call: (milliseconds: number) => Call } {
  const clock = fakeClock();
  const deadlines = new Deadlines(clock);
  return {
    clock,
    deadlines,
    call(milliseconds) {
      const call = new Call(clock);
      deadlines.add(call, milliseconds);
      return call;
    },
  };
}

describe('a deadline', () => {
  test('ends a call at it or at most two ticks later, never before', () => {
    const { clock, call } = arrange();
    const first = call(250);
    clock.advance(7);
    const second = call(250);
    clock.advance(1_000);
    expect(first.expiredAt).toBeGreaterThanOrEqual(250);
    expect(first.expiredAt).toBeLessThanOrEqual(270);
    expect(second.expiredAt).toBeGreaterThanOrEqual(257);
    expect(second.expiredAt).toBeLessThanOrEqual(277);
  });

  test('does not touch a call that has ended', () => {
    const { clock, deadlines, call } = arrange();
    const [first, second, third] = [call(100), call(100), call(100)];
    deadlines.remove(second);
    deadlines.remove(second);
    clock.advance(200);
    expect([first.expiredAt, second.expiredAt, third.expiredAt]).toEqual([110, undefined, 110]);
  });

  test('is kept for each length by itself', () => {
    const { clock, call } = arrange();
    const [long, short] = [call(500), call(50)];
    clock.advance(100);
    expect([long.expiredAt, short.expiredAt]).toEqual([undefined, 60]);
    clock.advance(500);
    expect(long.expiredAt).toBe(510);
  });

  test('counts no time in which the event loop was blocked', () => {
    const { clock, call } = arrange();
    const blocked = call(250);
    clock.advance(100);
    clock.block(10_000);
    clock.advance(0);
    expect(blocked.expiredAt).toBeUndefined();
    clock.advance(300);
    expect(blocked.expiredAt).toBeDefined();
  });
});

describe('the timer', () => {
  test('runs only while calls are pending', () => {
    const { clock, deadlines, call } = arrange();
    expect(clock.pending).toBe(0);
    const pending = call(250);
    call(250);
    expect(clock.pending).toBe(1);
    deadlines.remove(pending);
    clock.advance(300);
    expect(clock.pending).toBe(0);
    call(50);
    expect(clock.pending).toBe(1);
  });
});
