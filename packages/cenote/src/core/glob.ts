/**
 * Redis' glob, byte for byte (`stringmatchlen` of its util.c): `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, `\` escapes, a class
 * that lacks its `]` ends with the pattern. It works on the UTF-8 bytes, so `?` is one byte of `é`.
 *
 * Matching remembers the last `*` only: O(pattern × text), whatever the pattern.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  // The server asks its matcher for every pattern but this one, and its matcher never gives an empty key to a `*`.
  if (pattern === '*') return () => true;
  const steps = compile(bytesOf(pattern));
  return (text) => matches(steps, bytesOf(text));
}

/** What one byte must be: any run of bytes, exactly this byte, or one of a class (`?` is the class of all). */
type Step = typeof anyRun | number | ReadonlySet<number>;

const anyRun = Symbol('*');
const anyByte: ReadonlySet<number> = new Set(Array.from({ length: 256 }, (_, byte) => byte));
const nonAscii = /[^\0-\x7f]/;

/** One character for each byte, so that text can be compared by `charCodeAt`; ASCII is its own form. */
function bytesOf(text: string): string {
  return nonAscii.test(text) ? Buffer.from(text).toString('latin1') : text;
}

function compile(pattern: string): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '*') {
      if (steps.at(-1) !== anyRun) steps.push(anyRun);
    } else if (character === '?') {
      steps.push(anyByte);
    } else if (character === '[') {
      const { members, end } = readClass(pattern, at + 1);
      steps.push(members);
      at = end;
    } else {
      if (character === '\\' && at + 1 < pattern.length) at++;
      steps.push(pattern.charCodeAt(at));
    }
  }
  return steps;
}

function readClass(pattern: string, start: number): { members: ReadonlySet<number>; end: number } {
  const negated = pattern[start] === '^';
  const listed = new Set<number>();
  let at = negated ? start + 1 : start;
  for (; at < pattern.length && pattern[at] !== ']'; at++) {
    const left = pattern.length - at;
    if (pattern[at] === '\\' && left >= 2) {
      listed.add(pattern.charCodeAt(++at));
    } else if (pattern[at + 1] === '-' && left >= 3) {
      addRange(listed, pattern.charCodeAt(at), pattern.charCodeAt(at + 2));
      at += 2;
    } else {
      listed.add(pattern.charCodeAt(at));
    }
  }
  const members = negated ? new Set([...anyByte].filter((byte) => !listed.has(byte))) : listed;
  return { members, end: at };
}

/** Redis compares C's `char`, which is signed on most servers: a byte from 0x80 on comes before ASCII. */
function addRange(listed: Set<number>, one: number, other: number): void {
  const [low, high] = [signed(one), signed(other)].sort((a, b) => a - b) as [number, number];
  for (let byte = low; byte <= high; byte++) listed.add(byte & 0xff);
}

function signed(byte: number): number {
  return byte < 0x80 ? byte : byte - 0x100;
}

function matches(steps: readonly Step[], text: string): boolean {
  if (text === '') return steps.length === 0;
  let step = 0;
  let at = 0;
  let afterRun = -1;
  let runEnd = 0;
  while (at < text.length) {
    const wanted = steps[step];
    if (wanted === anyRun) {
      afterRun = ++step;
      runEnd = at;
    } else if (wanted !== undefined && accepts(wanted, text.charCodeAt(at))) {
      step++;
      at++;
    } else if (afterRun >= 0) {
      step = afterRun;
      at = ++runEnd;
    } else {
      return false;
    }
  }
  if (steps[step] === anyRun) step++;
  return step === steps.length;
}

function accepts(wanted: number | ReadonlySet<number>, byte: number): boolean {
  return typeof wanted === 'number' ? wanted === byte : wanted.has(byte);
}
