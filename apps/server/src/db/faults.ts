/** What errors of PostgreSQL, its driver and the network mean to a caller. */

/** True when the database did not answer, or not in time: the same statement may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  return causes(error).some((cause) => awayCodes.test(cause.code ?? '') || awayMessages.test(cause.message));
}

/** True when a row could not be written because the user that it names does not exist. */
export function missingUser(error: unknown): boolean {
  return causes(error).some((cause) => cause.code === '23503' && cause.constraint?.endsWith('_user_id_fkey') === true);
}

interface DatabaseFault extends Error {
  readonly code?: string;
  readonly constraint?: string;
}

// Class 08: connection. 57P0x: shut down, crashed, starting. 57014, 55P03, 25P03: one of our time limits. 53300: no slot free.
const awayCodes =
  /^(08...|57P0[1-5]|57014|55P03|25P03|25P04|53300|ECONN\w+|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
// The driver gives these no code.
const awayMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|timeout expired|Client has encountered a connection error|Client was closed)/;

function causes(error: unknown): DatabaseFault[] {
  const chain: DatabaseFault[] = [];
  for (let cause = error; cause instanceof Error && chain.length < 8; cause = cause.cause) chain.push(cause);
  return chain;
}
