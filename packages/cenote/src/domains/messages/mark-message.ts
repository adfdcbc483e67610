import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { markMessage as lua } from './lua.gen.js';
import type { MessageKeys } from './put-message.js';
import { deleted, messageAt, noteAt, writeMessage } from './stored.js';

export interface MarkMessageInput {
  readonly keys: MessageKeys;
  readonly epoch: string;
  /** Milliseconds that it is remembered. */
  readonly life: number;
  /** 1 sent, 2 delivered, 3 read, 4 deleted. */
  readonly status: number;
}

export interface MarkedMessage {
  readonly word: 'moved' | 'kept' | 'absent';
  /** Where the message is, if that was noted. */
  readonly conversation: string | undefined;
}

/** Moves the status of a single message forward, or removes it. See `mark-message.lua`. One round trip, O(size). */
export const markMessage = defineOperation<MarkMessageInput, MarkedMessage>({
  name: 'messages:mark-message',
  lua,
  invalidates: true,
  encode: ({ keys, epoch, life, status }) => ({
    keys: [keys.message, keys.note, keys.lease],
    args: [epoch, String(life), String(status)],
  }),
  local(data, { keys: [message = '', note = '', lease = ''], args: [epoch, lifeText, statusText] }) {
    data.delete(lease);
    const status = Number(text(statusText));
    const there = messageAt(data, message, text(epoch));
    const word =
      !there ? 'absent'
      : there.status < status ? 'moved'
      : 'kept';
    if (there && word === 'moved' && status !== deleted)
      data.set(message, writeMessage(text(epoch), { ...there, status }), data.lifetime(message));
    if (status === deleted) data.delete(message);
    const noted = noteAt(data, note);
    const life = Math.max(data.lifetime(note) ?? 0, Number(text(lifeText)));
    data.set(note, `${Math.max(status, noted.status)} ${noted.conversation ?? ''}`, life);
    return [word, noted.conversation ?? ''];
  },
  decode(reply) {
    const [word, conversation] = replyList(reply, 'messages:mark-message');
    return {
      word: replyWord(word, ['moved', 'kept', 'absent'], 'messages:mark-message'),
      conversation: text(conversation) || undefined,
    };
  },
});
