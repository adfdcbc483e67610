import type { Conversation } from './index.js';

export interface Chat extends Conversation {
  readonly lastMessageAt?: number;
  readonly lastMessageId?: string;
}

interface Position {
  readonly time: number;
  readonly id: string;
}

interface Kept {
  readonly given: Chat;
  chat: Chat;
  settled: Position;
}

interface List {
  readonly held: Map<string, Kept>;
  readonly floor: Chat | undefined;
}

/** What a cache of conversations is to do, told as naively as possible: no expiry, everything remembered, one process. */
export class ConversationModel {
  readonly most: number;
  readonly #lists = new Map<string, List>();
  readonly #counted = new Set<string>();

  constructor(most: number) {
    this.most = most;
  }

  set(user: string, given: readonly Chat[], limit = Infinity): void {
    const all = sorted([...new Map(given.map((chat) => [chat.id, chat])).values()]);
    const first = all.slice(0, this.most);
    const isCut = all.length > this.most || all.length >= limit;
    const held = new Map(first.map((chat) => [chat.id, { given: chat, chat, settled: settledOf(chat) }]));
    this.#lists.set(user, { held, floor: isCut ? first.at(-1) : undefined });
  }

  get(user: string, limit: number): readonly Chat[] | undefined {
    return this.#first(user, Math.min(limit, this.most));
  }

  /** What a load answers and stores whose source gives `given`. */
  load(user: string, limit: number, given: readonly Chat[]): readonly Chat[] {
    const known = this.#first(user, limit);
    if (known) return known;
    this.set(user, given, limit);
    return sorted([...new Map(given.map((chat) => [chat.id, chat])).values()]).slice(0, limit);
  }

  last(user: string, id: string, lastMessageId: string, lastMessageText: string, lastMessageAt: number): boolean {
    const list = this.#lists.get(user);
    const kept = list?.held.get(id);
    if (!list) return false;
    if (!kept) {
      const isBelow =
        list.floor && isBefore({ time: lastMessageAt, id }, { time: timeOf(list.floor), id: list.floor.id });
      if (!isBelow) this.#lists.delete(user);
      return false;
    }
    if (!isBefore(lastOf(kept.chat), { time: lastMessageAt, id: lastMessageId })) return false;
    return this.#change(list, kept, { lastMessageId, lastMessageText, lastMessageAt });
  }

  count(user: string, id: string, by: number, messageId?: string, at?: number): number | undefined {
    const member = `${user} ${id} ${messageId}`;
    const isRepeated = messageId !== undefined && this.#counted.has(member);
    if (messageId !== undefined) this.#counted.add(member);
    const list = this.#lists.get(user);
    const kept = list?.held.get(id);
    if (list && !kept && !list.floor && !isRepeated) this.#lists.delete(user);
    if (!list || !kept) return undefined;
    const unread = kept.chat.unreadCount ?? 0;
    const isSettled =
      messageId !== undefined &&
      (messageId === kept.settled.id || (at !== undefined && isBefore({ time: at, id: messageId }, kept.settled)));
    if (isRepeated || isSettled) return unread;
    this.#change(list, kept, { unreadCount: unread + by });
    return unread + by;
  }

  reset(user: string, id: string): boolean {
    const list = this.#lists.get(user);
    const kept = list?.held.get(id);
    if (!list || !kept) return false;
    if (isBefore(kept.settled, lastOf(kept.chat))) kept.settled = lastOf(kept.chat);
    return this.#change(list, kept, { unreadCount: 0 });
  }

  pin(user: string, id: string, isPinned: boolean): boolean {
    const list = this.#lists.get(user);
    const kept = list?.held.get(id);
    if (list && !kept && isPinned) this.#lists.delete(user);
    if (!list || !kept) return false;
    this.#change(list, kept, { isPinned });
    return true;
  }

  mute(user: string, id: string, isMuted: boolean): boolean {
    const list = this.#lists.get(user);
    const kept = list?.held.get(id);
    return list !== undefined && kept !== undefined && this.#change(list, kept, { isMuted });
  }

  remove(user: string, id: string): boolean {
    return this.#lists.get(user)?.held.delete(id) ?? false;
  }

  drop(user: string): void {
    this.#lists.delete(user);
  }

  total(user: string, mutedToo: boolean): number | undefined {
    const list = this.#lists.get(user);
    if (!list || list.floor) return undefined;
    return [...list.held.values()]
      .filter(({ chat }) => mutedToo || !chat.isMuted)
      .reduce((sum, { chat }) => sum + (chat.unreadCount ?? 0), 0);
  }

  #first(user: string, limit: number): readonly Chat[] | undefined {
    const list = this.#lists.get(user);
    if (!list || (list.floor && list.held.size < limit)) return undefined;
    return sorted([...list.held.values()].map(shown)).slice(0, limit);
  }

  /** False when the conversation is not to be seen any more. */
  #change({ held, floor }: List, kept: Kept, changes: Partial<Chat>): boolean {
    kept.chat = { ...kept.chat, ...changes };
    if (!floor || !comesFirst(floor, kept.chat)) return true;
    held.delete(kept.chat.id);
    return false;
  }
}

/** What was given without a count or a flag has none as long as it would say nothing. */
function shown({ given, chat }: Kept): Chat {
  const silent = (['unreadCount', 'isPinned', 'isMuted'] as const).filter((name) => !chat[name] && !(name in given));
  return Object.fromEntries(Object.entries(chat).filter(([name]) => !silent.some((each) => each === name))) as Chat;
}

function timeOf({ lastMessageAt }: Chat): number {
  return lastMessageAt ?? -Infinity;
}

function lastOf(chat: Chat): Position {
  return { time: timeOf(chat), id: chat.lastMessageId ?? '' };
}

function settledOf(chat: Chat): Position {
  return chat.lastMessageId === undefined ? { time: timeOf(chat) + 1, id: '' } : lastOf(chat);
}

function isBefore(a: Position, b: Position): boolean {
  return a.time < b.time || (a.time === b.time && Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)) < 0);
}

function comesFirst(a: Chat, b: Chat): boolean {
  if ((a.isPinned ?? false) !== (b.isPinned ?? false)) return a.isPinned ?? false;
  return isBefore({ time: timeOf(b), id: b.id }, { time: timeOf(a), id: a.id });
}

function sorted(chats: readonly Chat[]): Chat[] {
  return chats.toSorted((a, b) => (comesFirst(a, b) ? -1 : 1));
}
