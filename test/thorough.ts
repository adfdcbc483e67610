/**
 * Whether faults are played in every arrangement (`npm run test:thorough`). `npm test` plays each of them in one, so that it
 * ends within five minutes on two cores.
 */
const isThorough = process.env['TEST_THOROUGH'] === '1';

/** All arrangements, or the first. */
export function arrangements<Arrangement>(all: readonly Arrangement[]): readonly Arrangement[] {
  return isThorough ? all : all.slice(0, 1);
}
