import { defineOperation, replyWord, text } from '../../store/operation.js';
import { spendLease } from '../kit/lease.js';
import { putMessage as lua } from './lua.gen.js';
import { deleted, merged, messageAt, noteAt, writeMessage } from './stored.js';

/** The keys of a single message, all in one slot. */
export interface MessageKeys {
  readonly message: string;
  readonly note: string;
  readonly lease: string;
}

export interface PutMessageInput {
  readonly keys: MessageKeys;
  readonly epoch: string;
  /** The lease under which a fill was granted; absent for a set. */
  readonly token?: string | undefined;
  /** Milliseconds. */
  readonly life: number;
  readonly status: number;
  readonly version: string;
  readonly payload: string;
}

const words = ['stored', 'older', 'deleted', 'voided'] as const;

/** Stores a single message: a fill under its lease, a set over it. See `put-message.lua`. One round trip, O(size). */
export const putMessage = defineOperation<PutMessageInput, (typeof words)[number]>({
  name: 'messages:put',
  lua,
  invalidates: false,
  encode: ({ keys, epoch, token = '', life, status, version, payload }) => ({
    keys: [keys.message, keys.note, keys.lease],
    args: [epoch, token, String(life), String(status), version, payload],
  }),
  local(data, { keys: [message = '', note = '', lease = ''], args: [epoch, token, life, status, version, payload] }) {
    if (text(token) !== '' && !spendLease(data, lease, token)) return 'voided';
    data.delete(lease);
    const noted = noteAt(data, note);
    if (noted.status === deleted) return 'deleted';
    const there = messageAt(data, message, text(epoch));
    const given = {
      status: Math.max(Number(text(status)), noted.status),
      version: text(version),
      payload: Buffer.from(text(payload)),
    };
    const isOlder = there !== undefined && given.version < there.version;
    const left = isOlder ? data.lifetime(message) : Number(text(life));
    data.set(message, writeMessage(text(epoch), merged(given, there)), left);
    return isOlder ? 'older' : 'stored';
  },
  decode: (reply) => replyWord(reply, words, 'messages:put'),
});
