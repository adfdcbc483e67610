import { expect, test } from 'vitest';
import { SchemaError } from '../core/errors.js';
import { checkSchema, isSchema, isType, type, type SchemaResult, type StandardSchema } from './schema.js';

interface User {
  id: number;
  tags: string[];
}

/** As the schema libraries do: transforms what fits, tells where the rest differs. */
function validateUser(value: unknown): SchemaResult<User> {
  const { id, tags = [] } = Object(value) as { id?: unknown; tags?: unknown[] };
  if (typeof id !== 'number')
    return { issues: [{ message: 'must have a number', path: ['id'] }, { message: 'is no user' }] };
  const odd = tags.findIndex((tag) => typeof tag !== 'string');
  if (odd >= 0) return { issues: [{ message: 'must be a text', path: [{ key: 'tags' }, odd] }] };
  return { value: { id, tags: tags as string[] } };
}

function schemaOf<Output>(
  validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>,
): StandardSchema<unknown, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

const user = schemaOf(validateUser);

test('a value that fits comes out as the schema makes it, at once', () => {
  expect(checkSchema(user, 'user:7', { id: 7 })).toEqual({ id: 7, tags: [] });
});

test('a value that does not fit is an error naming the key and where it differs', () => {
  expect(() => checkSchema(user, 'user:7', { id: 7, tags: ['a', 5] })).toThrow(SchemaError);
  expect(() => checkSchema(user, 'user:7', { id: 7, tags: ['a', 5] })).toThrow(
    /the value of "user:7" does not fit its schema: tags\.1: /,
  );
  expect(() => checkSchema(user, 'user:7', 5)).toThrow(/does not fit its schema: id: must have a number; is no user$/);
});

test('an asynchronous schema gives a promise', async () => {
  const slow = schemaOf(async (value) => await Promise.resolve(validateUser(value)));
  await expect(checkSchema(slow, 'k', { id: 7 })).resolves.toEqual({ id: 7, tags: [] });
  await expect(checkSchema(slow, 'k', 'no')).rejects.toThrow(SchemaError);
});

test('schemas of any library are known by their one property, also when they are functions', () => {
  const callable = Object.assign(() => 1, {
    '~standard': { version: 1, vendor: 'x', validate: (value: unknown) => ({ value }) },
  });
  expect([user, callable].map(isSchema)).toEqual([true, true]);
  expect([null, undefined, {}, { '~standard': {} }, { '~standard': null }, 'x'].map(isSchema)).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});

test('type carries a type and nothing else', () => {
  expect(isType(type<Date>())).toBe(true);
  expect(isType({})).toBe(false);
  expect(isType(user)).toBe(false);
});
