/** Prints a bearer token: `npm run token -w apps/server -- <user id>`. Signs with JWT_SECRET, so a server with the same secret takes it. */
import { developmentSecret } from '../config.js';
import { signToken } from '../identity.js';

const userId = Number(process.argv[2] ?? '1');
if (!Number.isInteger(userId) || userId < 1) {
  process.stderr.write(`The user id must be a whole number of at least 1, got ${JSON.stringify(process.argv[2])}\n`);
  process.exit(1);
}
process.stdout.write(`${await signToken(process.env['JWT_SECRET'] || developmentSecret, userId)}\n`);
