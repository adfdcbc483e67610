import { expect, test } from 'vitest';

import {
  CenoteError,
  errorCodes,
  LoadTimeoutError,
  SchemaError,
  show,
  StoreError,
  UsageError,
  type ErrorCode,
} from './errors.js';

test.each([
  [new UsageError('ttl', 0, 'must be more'), 'USAGE', 'ttl must be more, got 0'],
  [new LoadTimeoutError('k', 500), 'LOAD_TIMEOUT', 'the loader of "k" did not end within 500 ms'],
  [new StoreError('STORE_REFUSED', 'READONLY'), 'STORE_REFUSED', 'READONLY'],
  [
    new SchemaError('k', [{ message: 'a' }, { message: 'b' }]),
    'SCHEMA',
    'the value of "k" does not fit its schema: a; b',
  ],
] as const)('%s', (error, code, message) => {
  expect(error).toBeInstanceOf(CenoteError);
  expect(error).toMatchObject({ code, message, retryable: errorCodes[code].retryable, name: error.constructor.name });
});

test('a cause is kept', () => {
  const cause = new Error('below');
  expect(new StoreError('STORE_TIMEOUT', 'late', { cause }).cause).toBe(cause);
});

test.each(Object.keys(errorCodes) as ErrorCode[])('%s says what it means and what to do', (code) => {
  expect(errorCodes[code].meaning).toMatch(/\.$/);
  expect(errorCodes[code].remedy).toMatch(/\.$/);
});

test.each([
  ['text', '"text"'],
  ['line\nbreak', String.raw`"line\nbreak"`],
  ['x'.repeat(1_000), `"${'x'.repeat(78)}…`],
  [10n, '10'],
  [Symbol('s'), 'Symbol(s)'],
  [undefined, 'undefined'],
  [null, 'null'],
  [{ a: 1 }, '{"a":1}'],
  [{ a: 10n }, '[object]'],
  [show, '[function show]'],
])('%o is shown on one line', (value, text) => {
  expect(show(value)).toBe(text);
});
