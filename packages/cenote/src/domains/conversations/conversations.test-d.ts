import type { Store } from '../../store/store.js';
import { ConversationCache, type ChatConversation, type Conversation } from './index.js';

/** Compile errors that the library promises: each line under an expectation must fail, every other must compile. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(proof: Same<A, B>): void;

interface Thread extends Conversation {
  readonly lastMessageAt: Date;
  readonly subject: string;
}

declare const store: Store;
declare const thread: Thread;

const chats = new ConversationCache({ store });
const threads = new ConversationCache<Thread>({ store, maxPerUser: 50, ttl: '1h' });

const list = await chats.getUserConversations('u', 50);
same<typeof list, ChatConversation[] | undefined>(true);
const loaded = await threads.loadUserConversations('u', 50, ({ signal, limit }) =>
  signal.aborted || limit ? [thread] : [],
);
same<typeof loaded, Thread[]>(true);
const total = await threads.getTotalUnreadCount('u', { mutedToo: false, deadline: '100ms' });
same<typeof total, number | undefined>(true);

await threads.updateLastMessage('u', 'c', 'm', 'text', new Date());
await chats.updateLastMessage('u', 'c', 'm', 'text', '2030-01-01T00:00:00Z');
await chats.incrementUnread('u', 'c', 1, { messageId: 'm', at: 7 });

// @ts-expect-error: the time of a last message is of the type that the conversations have.
await threads.updateLastMessage('u', 'c', 'm', 'text', '2030-01-01T00:00:00Z');
// @ts-expect-error: a conversation of another shape.
await threads.setUserConversations('u', [{ id: 'c', lastMessageAt: new Date() }]);
// @ts-expect-error: pinned or not must be said.
await chats.setPinned('u', 'c');
// @ts-expect-error: a cache of what is no conversation.
export const wrongShape = new ConversationCache<{ name: string }>({ store });
// @ts-expect-error: there must be a store.
export const withoutStore = new ConversationCache({});
