import { expect, test } from 'vitest';

import { embedScript } from './embed-lua.js';

test('a script loses its contract header, and keeps every later comment', () => {
  const lua = '-- What it does.\n-- KEYS 1 value\n\nlocal a = 1\n-- why\nreturn a\n';
  expect(embedScript('acquire.lua', lua)).toBe('export const acquire = `local a = 1\n-- why\nreturn a\n`;\n');
});

test('backslashes, backticks and ${ mean in TypeScript what they mean in Lua', () => {
  const embedded = embedScript('odd.lua', 'return { "\\n", "`", "${x}", "$" }\n');
  expect(embedded).toBe('export const odd = `return { "\\\\n", "\\`", "\\${x}", "$" }\n`;\n');
});

test('kebab-case becomes camelCase, and what cannot name a constant is refused', () => {
  expect(embedScript('add-tag.lua', 'return 1')).toContain('export const addTag = ');
  expect(() => embedScript('2nd.lua', 'return 1')).toThrow(/2nd\.lua/);
});

test('a script without a body is refused', () => {
  expect(() => embedScript('empty.lua', '-- only words\n')).toThrow(/nothing but comments/);
});
