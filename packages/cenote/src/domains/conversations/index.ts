/** Conversations of users: pinned first, then newest, with what is unread. */
export {
  ConversationCache,
  type ConversationCacheOptions,
  type IncrementUnreadOptions,
  type SetConversationsOptions,
  type TotalUnreadOptions,
} from './conversation-cache.js';
export type { ConversationsLoadContext } from './conversation-lists.js';
export type { ChatConversation, Conversation } from './conversation.js';
export type { DomainCallOptions } from '../kit/call.js';
export type { DomainOptions } from '../kit/ground.js';
export type { Time } from '../kit/time.js';
