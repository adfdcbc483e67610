import { expect, test } from 'vitest';

import { isDatabaseAway, missingUser } from './faults.js';

const withCode = (code: string, message = 'x') => Object.assign(new Error(message), { code });

test.each([
  withCode('ECONNREFUSED'),
  withCode('57P01'),
  withCode('57014', 'canceling statement due to statement timeout'),
  withCode('08006'),
  withCode('53300'),
  new Error('Connection terminated unexpectedly'),
  new Error('timeout exceeded when trying to connect'),
  new Error('Failed query: select 1', { cause: withCode('ECONNRESET') }),
])('away: %s', (error) => {
  expect(isDatabaseAway(error)).toBe(true);
});

test.each([withCode('23505'), withCode('42P01'), new Error('something else'), undefined, 'ECONNREFUSED'])(
  'a fault of ours: %s',
  (error) => {
    expect(isDatabaseAway(error)).toBe(false);
  },
);

test('a row that names a user who is gone is told from other broken references', () => {
  const broken = (constraint: string) =>
    new Error('Failed query', { cause: Object.assign(withCode('23503'), { constraint }) });
  expect(missingUser(broken('bookings_user_id_fkey'))).toBe(true);
  expect(missingUser(broken('bookings_slot_id_fkey'))).toBe(false);
});
