import { errorCodes } from '../packages/cenote/src/core/errors.js';
import type { GeneratedFile } from './generated-file.js';

/** `docs/errors.md`: every code, from the table that the errors themselves are built on. */
export function errorsDoc(): GeneratedFile[] {
  const sections = Object.entries(errorCodes).map(
    ([code, { retryable, meaning, remedy }]) =>
      `## \`${code}\`\n\n${meaning}\n\n**Trying again may help:** ${retryable ? 'yes' : 'no'}. ${remedy}\n`,
  );
  const head =
    '<!-- Generated from packages/cenote/src/core/errors.ts by `npm run generate`: edit that. -->\n\n# Errors\n\n' +
    'Every error that cenote raises is a `CenoteError` with one of these codes in `code`; codes are stable across releases. ' +
    '`retryable` says whether the same call may succeed later. A miss, a taken lease or a refused fill is no error.\n';
  return [{ path: 'docs/errors.md', text: [head, ...sections].join('\n') }];
}
