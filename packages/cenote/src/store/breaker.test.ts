import { describe, expect, test } from 'vitest';

import type { UsageError } from '../core/errors.js';
import { fakeClock, type FakeClock } from '../testing/fake-clock.js';
import { Breaker } from './breaker.js';

function arrange(): { breaker: Breaker; clock: FakeClock; open: () => void } {
  const clock = fakeClock();
  const breaker = new Breaker({ failures: 3, cooldown: '1s' }, clock);
  return { breaker, clock, open: () => [1, 2, 3].forEach(() => breaker.fail()) };
}

describe('a breaker', () => {
  test('opens after failures in a row, not after as many with a success between', () => {
    const { breaker } = arrange();
    breaker.fail();
    breaker.fail();
    breaker.succeed();
    breaker.fail();
    breaker.fail();
    expect([breaker.state, breaker.admit()]).toEqual(['closed', true]);
    breaker.fail();
    expect([breaker.state, breaker.admit()]).toEqual(['open', false]);
  });

  test('lets one call probe after its cooldown, and no other while it probes', () => {
    const { breaker, clock, open } = arrange();
    open();
    clock.advance(999);
    expect(breaker.admit()).toBe(false);
    clock.advance(1);
    expect([breaker.admit(), breaker.admit(), breaker.admit()]).toEqual([true, false, false]);
    expect(breaker.state).toBe('half-open');
  });

  test('closes when the probe succeeds', () => {
    const { breaker, clock, open } = arrange();
    open();
    clock.advance(1_000);
    breaker.admit();
    breaker.succeed();
    expect([breaker.state, breaker.admit(), breaker.admit()]).toEqual(['closed', true, true]);
  });

  test('stays open for another cooldown when the probe fails', () => {
    const { breaker, clock, open } = arrange();
    open();
    clock.advance(1_000);
    breaker.admit();
    breaker.fail();
    clock.advance(999);
    expect([breaker.state, breaker.admit()]).toEqual(['open', false]);
    clock.advance(1);
    expect(breaker.admit()).toBe(true);
  });

  test('lets the next call probe when the one that did was given up', () => {
    const { breaker, clock, open } = arrange();
    open();
    clock.advance(1_000);
    breaker.admit();
    breaker.abandon();
    expect(breaker.admit()).toBe(true);
  });

  test('closes at any success, such as that of an invalidation which it does not guard', () => {
    const { breaker, open } = arrange();
    open();
    breaker.succeed();
    expect(breaker.admit()).toBe(true);
  });

  test.each([
    [{ failures: 0 }, 'breaker.failures'],
    [{ failures: 1.5 }, 'breaker.failures'],
    [{ cooldown: 'soon' }, 'breaker.cooldown'],
    [{ cooldown: 0 }, 'breaker.cooldown'],
    [{ threshold: 3 }, 'breaker.threshold'],
  ])('refuses %o', (options, field) => {
    expect(() => new Breaker(options as object, fakeClock())).toThrow(
      expect.objectContaining({ name: 'UsageError', field }) as UsageError,
    );
  });
});
