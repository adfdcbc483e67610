import type { Message } from './index.js';

const order = ['sent', 'delivered', 'read', 'deleted'] as const;
type Reached = (typeof order)[number] | undefined;

interface Kept {
  message: Message;
  status: Reached;
}

interface List {
  messages: Map<string, Kept>;
  /** What is older is not known; `undefined` when there is nothing older. */
  floor: Message | undefined;
}

/** What a message cache is to do, told as naively as possible: no expiry, everything remembered, one process. */
export class MessageModel {
  readonly most: number;
  readonly #lists = new Map<string, List>();
  readonly #singles = new Map<string, Kept>();
  readonly #reached = new Map<string, Reached>();
  /** Where a message was put: a status that names it alone finds that conversation. */
  readonly #places = new Map<string, string>();
  readonly #listed = new Map<string, Reached>();
  readonly #counts = new Map<string, number>();
  readonly #sent = new Map<string, number>();
  readonly #read = new Map<string, number>();

  constructor(most: number) {
    this.most = most;
  }

  set(conversation: string, given: readonly Message[], limit = Infinity): void {
    const before = this.#lists.get(conversation);
    const list: List = { messages: new Map(), floor: undefined };
    const byId = new Map<string, Message>();
    for (const message of given) if (!isOlder(message, byId.get(message.id))) byId.set(message.id, message);
    const newest = sorted([...byId.values()]).slice(0, this.most);
    if (byId.size >= Math.min(limit, this.most)) list.floor = newest.at(-1);
    for (const message of newest) {
      this.#places.set(message.id, conversation);
      const status = highest(message.status, this.#reached.get(message.id), this.#marked(conversation, message.id));
      if (status !== 'deleted')
        list.messages.set(message.id, merged(message, status, before?.messages.get(message.id)));
    }
    this.#lists.set(conversation, list);
  }

  add(conversation: string, message: Message): boolean {
    this.#places.set(message.id, conversation);
    return this.#put(conversation, message, highest(message.status, this.#reached.get(message.id)), true);
  }

  get(conversation: string, limit: number, before?: Message): unknown {
    const list = this.#lists.get(conversation);
    if (!list) return undefined;
    const most = before ? limit : Math.min(limit, this.most);
    const found = sorted([...list.messages.values()].map(({ message }) => message))
      .filter((message) => !before || precedes(message, before))
      .slice(0, most);
    if (found.length < most && list.floor) return undefined;
    return found.map(({ id }) => shown(list.messages.get(id)));
  }

  drop(conversation: string): void {
    this.#lists.delete(conversation);
  }

  setMessage(message: Message): void {
    this.#put(message.conversationId, message, message.status, false);
    const status = highest(message.status, this.#reached.get(message.id));
    if (status !== 'deleted') this.#singles.set(message.id, merged(message, status, this.#singles.get(message.id)));
  }

  getMessage(id: string): unknown {
    return shown(this.#singles.get(id));
  }

  mark(id: string, status: NonNullable<Reached>, given?: string): boolean {
    const conversation = given ?? this.#places.get(id);
    const single = this.#singles.get(id);
    this.#reached.set(id, highest(status, this.#reached.get(id)));
    const list = conversation === undefined ? undefined : this.#lists.get(conversation);
    const listed = list?.messages.get(id);
    const moved = [single, listed].map((each) => each !== undefined && highest(status, each.status) !== each.status);
    for (const each of [single, listed]) if (each) each.status = highest(status, each.status);
    if (status === 'deleted') {
      this.#singles.delete(id);
      list?.messages.delete(id);
    }
    if (conversation !== undefined && (status === 'deleted' || !listed))
      this.#listed.set(`${conversation} ${id}`, highest(status, this.#marked(conversation, id)));
    return moved.includes(true);
  }

  increment(conversation: string, user: string, by: number): number {
    const count = (this.#counts.get(`${conversation} ${user}`) ?? 0) + by;
    this.#counts.set(`${conversation} ${user}`, count);
    return count;
  }

  unread(conversation: string, user: string): number {
    const sent = this.#sent.get(conversation);
    if (sent === undefined) return this.#counts.get(`${conversation} ${user}`) ?? 0;
    return Math.max(sent - (this.#read.get(`${conversation} ${user}`) ?? 0), 0);
  }

  reset(conversation: string, user: string): void {
    this.#counts.delete(`${conversation} ${user}`);
    this.markRead(conversation, user, this.#sent.get(conversation) ?? 0);
  }

  markSent(conversation: string, seq: number): void {
    this.#sent.set(conversation, Math.max(this.#sent.get(conversation) ?? 0, seq));
  }

  markRead(conversation: string, user: string, seq: number): void {
    const key = `${conversation} ${user}`;
    this.#read.set(key, Math.max(this.#read.get(key) ?? 0, seq));
  }

  #put(conversation: string, message: Message, known: Reached, isNew: boolean): boolean {
    const list = this.#lists.get(conversation);
    if (!list) return false;
    const status = highest(known, this.#marked(conversation, message.id));
    const there = list.messages.get(message.id);
    if (status === 'deleted' || (!there && !isNew)) return true;
    if (list.floor && precedes(message, list.floor) && !(there && isOlder(message, there.message))) {
      list.messages.delete(message.id);
      return true;
    }
    list.messages.set(message.id, merged(message, status, there));
    const all = sorted([...list.messages.values()].map((each) => each.message));
    if (all.length > this.most) {
      for (const { id } of all.slice(this.most)) list.messages.delete(id);
      list.floor = all[this.most - 1];
    }
    return true;
  }

  #marked(conversation: string, id: string): Reached {
    return this.#listed.get(`${conversation} ${id}`);
  }
}

function highest(...all: Reached[]): Reached {
  return order.findLast((status) => all.includes(status));
}

function isOlder(message: Message, than: Message | undefined): boolean {
  return than !== undefined && Number(message.version ?? -1) < Number(than.version ?? -1);
}

function merged(message: Message, status: Reached, there: Kept | undefined): Kept {
  return {
    message: isOlder(message, there?.message) ? there!.message : message,
    status: highest(status, there?.status),
  };
}

function shown(kept: Kept | undefined): unknown {
  if (!kept) return undefined;
  return kept.status === undefined ? kept.message : { ...kept.message, status: kept.status };
}

function precedes(a: Message, b: Message): boolean {
  return (
    a.createdAt < b.createdAt ||
    (a.createdAt === b.createdAt && Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)) < 0)
  );
}

function sorted(messages: readonly Message[]): Message[] {
  return messages.toSorted((a, b) => (precedes(a, b) ? 1 : -1));
}
