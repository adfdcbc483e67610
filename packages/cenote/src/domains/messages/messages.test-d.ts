import type { Store } from '../../store/store.js';
import { MessageCache, type ChatMessage, type Message } from './index.js';

/** Compile errors that the library promises: each line under an expectation must fail, every other must compile. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(proof: Same<A, B>): void;

interface Mail extends Message {
  readonly createdAt: Date;
  readonly subject: string;
}

declare const store: Store;
declare const mail: Mail;

const chats = new MessageCache({ store });
const mails = new MessageCache<Mail>({ store, maxPerConversation: 50, ttl: '1h' });

const chat = await chats.getMessage('m');
same<typeof chat, ChatMessage | undefined>(true);
const list = await mails.getConversationMessages('c', 50, { before: mail });
same<typeof list, Mail[] | undefined>(true);
const loaded = await mails.loadConversationMessages('c', 50, ({ signal, limit }) =>
  signal.aborted || limit ? [mail] : [],
);
same<typeof loaded, Mail[]>(true);

await mails.setMessage(mail, '1h', { deadline: '100ms' });
await mails.updateMessageStatus('m', 'read', { conversationId: 'c' });

// @ts-expect-error: a status that does not exist.
await mails.updateMessageStatus('m', 'seen');
// @ts-expect-error: a message of another shape.
await mails.addMessageToConversation('c', { id: 'm', conversationId: 'c', createdAt: new Date() });
// @ts-expect-error: a page begins before a message, not before an id.
await mails.getConversationMessages('c', 50, { before: 'm' });
// @ts-expect-error: a cache of what is no message.
export const wrongShape = new MessageCache<{ id: string }>({ store });
// @ts-expect-error: there must be a store.
export const withoutStore = new MessageCache({});
