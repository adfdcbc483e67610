import { checkText } from '../../cache/key.js';
import { UsageError } from '../../core/errors.js';

const maximumIdBytes = 512;

/**
 * Checks an id that is to stand in a key, such as a user's or a message's.
 *
 * @throws UsageError unless it is a non-empty, well-formed text of at most 512 bytes without `:`, braces, blanks or control
 * characters: so no id can reach another's key, or leave its slot.
 */
export function checkId(value: unknown, field: string): string {
  const id = checkText(value, field);
  // oxlint-disable-next-line no-control-regex -- controls are what is looked for
  if (/[:{}\s\u0000-\u001f\u007f-\u009f]/.test(id))
    throw new UsageError(field, id, "must not hold ':', braces, blanks or control characters");
  if (Buffer.byteLength(id) > maximumIdBytes)
    throw new UsageError(field, id, `must take at most ${maximumIdBytes} bytes`);
  return id;
}
