import { once } from 'node:events';

import { expect, test } from 'vitest';

import { forkProgram, startProgram } from './program.js';

const echo = new URL('./echo.fixture.ts', import.meta.url);

test('a program runs from source in a process of its own, on the port it was told', async () => {
  const program = await startProgram(echo, { ready: /listening/, env: { GREETING: 'hello' } });
  const response = await fetch(`http://127.0.0.1:${program.port}`);
  expect(await response.text()).toBe('UsageError hello');
  await program.stop();
  expect(program.pid).toBe(0);
});

test('a program that ends before it is ready says what it printed', async () => {
  await expect(startProgram(new URL('./no-such-file.ts', import.meta.url), { ready: /listening/ })).rejects.toThrow(
    /no-such-file/,
  );
});

test('a forked program receives and sends messages', async () => {
  const child = forkProgram(echo);
  child.send(new Map([['key', 1]]));
  expect((await once(child, 'message'))[0]).toEqual(new Map([['key', 1]]));
  child.kill();
  await once(child, 'exit');
});
