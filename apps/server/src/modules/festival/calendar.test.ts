import { expect, test } from 'vitest';

import { dayOf, daysAfter, daysBetween } from './calendar.js';

test('a day begins at midnight in Oaxaca', () => {
  expect(dayOf(new Date('2026-07-20T05:59:59Z'))).toBe('2026-07-19');
  expect(dayOf(new Date('2026-07-20T06:00:00Z'))).toBe('2026-07-20');
});

test('days are counted over months and leap days', () => {
  expect(daysAfter('2028-02-28', 2)).toBe('2028-03-01');
  expect(daysAfter('2026-01-01', -1)).toBe('2025-12-31');
  expect(daysBetween('2026-02-27', '2026-03-02')).toBe(3);
});
