/** Recent messages of conversations, single messages, and unread counts. */
export {
  MessageCache,
  type GetMessagesOptions,
  type MessageCacheOptions,
  type MessageCallOptions,
  type SetMessagesOptions,
} from './message-cache.js';
export type { MessagesLoadContext } from './message-lists.js';
export type { ChatMessage, Message, MessagePosition, MessageStatus, MessageTime } from './message.js';
export type { UnreadMarkers } from './unread.js';
export type { DomainCallOptions } from '../kit/call.js';
export type { DomainOptions } from '../kit/ground.js';
export type { DomainLoadContext } from '../kit/through.js';
