/**
 * How messages stand in the store, the way the Lua of the operations reads it: places, not meaning.
 *
 *     in a list      `<status> <version>`, a newline, the payload; beside it `:epoch` and `:floor`
 *     by itself      `<epoch> <status> <version>`, a newline, the payload
 *     its note       `<status> <conversation>`
 *
 * A status is a digit, 0 for none to 4 for deleted; a version is as `encodeVersion` writes it, or empty.
 */
import type { LocalData } from '../../store/memory/local-data.js';

export const deleted = 4;

export interface Body {
  readonly status: number;
  readonly version: string;
  readonly payload: Buffer;
}

const bodyHead = /^(\d) (\d*)$/;
const messageHead = /^([^ \t-\r]+) (\d) (\d*)$/;

export function readBody(bytes: Buffer): Body | undefined {
  const match = bodyHead.exec(headOf(bytes));
  return match ? partsOf(bytes, match[0], match[1], match[2]) : undefined;
}

export function writeBody({ status, version, payload }: Body): Buffer {
  return Buffer.concat([Buffer.from(`${status} ${version}\n`), payload]);
}

/** A single message of this epoch. */
export function readMessage(bytes: Buffer | null, epoch: string): Body | undefined {
  const match = bytes && messageHead.exec(headOf(bytes));
  return match?.[1] === epoch ? partsOf(bytes as Buffer, match[0], match[2], match[3]) : undefined;
}

export function writeMessage(epoch: string, body: Body): Buffer {
  return Buffer.concat([Buffer.from(`${epoch} `), writeBody(body)]);
}

/** The first line; nothing where there is but one. */
function headOf(bytes: Buffer): string {
  return bytes.toString('latin1', 0, Math.max(bytes.indexOf(10), 0));
}

function partsOf(bytes: Buffer, head: string, status: string | undefined, version = ''): Body {
  return { status: Number(status), version, payload: bytes.subarray(head.length + 1) };
}

/** A body that meets the one that is there: statuses go forward only, and the newer version stays; at a tie, the new one. */
export function merged(given: Body, there: Body | undefined): Body {
  if (!there) return given;
  const newer = given.version < there.version ? there : given;
  return { ...newer, status: Math.max(given.status, there.status) };
}

export interface Note {
  readonly status: number;
  readonly conversation: string | undefined;
}

export function noteAt(data: LocalData, key: string): Note {
  const note = data.type(key) === 'string' ? data.get(key) : null;
  const [, status = '0', conversation] = /^(\d) (.*)$/.exec(note?.toString() ?? '') ?? [];
  return { status: Number(status), conversation };
}

export function messageAt(data: LocalData, key: string, epoch: string): Body | undefined {
  return readMessage(data.type(key) === 'string' ? data.get(key) : null, epoch);
}

/** The keys of a list, all in one slot. */
export interface ListKeys {
  /** Ids by `createdAt`. */
  readonly order: string;
  readonly bodies: string;
  /** Ids that were deleted, or whose status came before them. */
  readonly marks: string;
  readonly lease: string;
}

/** How many messages a list has; `undefined` when there is none of this epoch. */
export function sizeAt(
  data: LocalData,
  { order, bodies }: Pick<ListKeys, 'order' | 'bodies'>,
  epoch: string,
): number | undefined {
  const isThere = ['zset', 'none'].includes(data.type(order)) && data.type(bodies) === 'hash';
  return isThere && data.hget(bodies, ':epoch')?.toString() === epoch ? data.zcard(order) : undefined;
}

/** Whether nothing of it was lost: two fields stand beside the bodies. */
export function isWhole(data: LocalData, bodies: string, size: number): boolean {
  return data.hlen(bodies) === size + 2;
}

export function floorAt(data: LocalData, bodies: string): Position | undefined {
  const [, time, id = ''] = /^(\S+) (.*)$/.exec(data.hget(bodies, ':floor')?.toString() ?? '') ?? [];
  return time === undefined ? undefined : { time: Number(time), id };
}

export function bodyAt(data: LocalData, bodies: string, id: string): Body | undefined {
  const body = data.hget(bodies, id);
  return body ? readBody(body) : undefined;
}

/** The status that a mark remembers. */
export function markAt(data: LocalData, marks: string, id: string): number {
  return data.type(marks) === 'zset' ? (data.zscore(marks, id) ?? 0) % 10 : 0;
}

/** Where a message stands in time. */
export interface Position {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly id: string;
}

/** Messages of one millisecond are ordered by their ids, bytewise, as sorted sets do. */
export function isBefore(a: Position, b: Position): boolean {
  return a.time < b.time || (a.time === b.time && Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)) < 0);
}
