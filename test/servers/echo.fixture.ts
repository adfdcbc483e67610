import { createServer } from 'node:http';

import { UsageError } from 'cenote';

/** A program for the tests of `program.ts`: echoes messages when forked, else answers HTTP with a word of the library. */
if (process.send) {
  process.on('message', (message) => process.send?.(message));
} else {
  const server = createServer((_, response) => response.end(`${UsageError.name} ${process.env['GREETING']}`));
  server.listen(Number(process.env['PORT']), '127.0.0.1', () => console.log('listening'));
}
