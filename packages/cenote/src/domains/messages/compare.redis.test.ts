import fc from 'fast-check';

import { compareStores, type Step } from '../kit/compare.fixture.js';
import { MessageCache, type Message, type MessageStatus } from './index.js';
import { MessageModel } from './model.fixture.js';

const most = 3;
type MessageStep = Step<MessageCache<Message>, MessageModel>;

const conversation = fc.constantFrom('c', 'd');
const user = fc.constantFrom('u', 'v', '__proto__');
const status = fc.constantFrom<MessageStatus[]>('sent', 'delivered', 'read');
/** A message's time never changes. */
const times = { a: 0, b: 0, B: 0, é: -1, '🜛': 1, '\uffee': 1, '10': 8.64e15, '9': 1_700_000_000_000 } as const;
const id = fc.constantFrom(...(Object.keys(times) as (keyof typeof times)[]));
const limit = fc.integer({ min: 1, max: 5 });
/** Few ids at few times, so that they collide; each is in one conversation. */
const of = (where: string): fc.Arbitrary<Message> =>
  fc
    .record(
      {
        id,
        status,
        version: fc.constantFrom(1, 2, 10),
        content: fc.constantFrom('{"a":[]}', '1e300', '\n \u0000'),
      },
      { requiredKeys: ['id', 'content'] },
    )
    .map(({ id: own, ...rest }) => messageOf(where, own, rest));
const messageOf = (where: string, own: keyof typeof times, rest: object): Message => ({
  ...rest,
  id: `${where}${own}`,
  conversationId: where,
  createdAt: times[own],
});
const message = conversation.chain(of);
const messageId = message.map((each) => each.id);
const place = fc.boolean();

const steps: fc.Arbitrary<MessageStep> = fc.oneof(
  conversation
    .chain((where) =>
      fc.tuple(fc.constant(where), fc.array(of(where), { maxLength: 5 }), fc.option(limit, { nil: undefined })),
    )
    .map(([where, messages, asked]): MessageStep => ({
      say: `set ${where} ${JSON.stringify(messages)} ${asked}`,
      run: (cache) => cache.setConversationMessages(where, messages, '15m', { limit: asked }),
      expected: (model) => model.set(where, messages, asked),
    })),
  {
    weight: 4,
    arbitrary: message.map((each): MessageStep => ({
      say: `add ${JSON.stringify(each)}`,
      run: (cache) => cache.addMessageToConversation(each.conversationId, each),
      expected: (model) => model.add(each.conversationId, each),
    })),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(message, limit, fc.boolean()).map(([before, asked, isPage]): MessageStep => ({
      say: `get ${before.conversationId} ${asked} ${isPage ? JSON.stringify(before) : ''}`,
      run: (cache) => cache.getConversationMessages(before.conversationId, asked, isPage ? { before } : {}),
      expected: (model) => model.get(before.conversationId, asked, isPage ? before : undefined),
    })),
  },
  message.map((each): MessageStep => ({
    say: `setMessage ${JSON.stringify(each)}`,
    run: (cache) => cache.setMessage(each),
    expected: (model) => model.setMessage(each),
  })),
  messageId.map((each): MessageStep => ({
    say: `getMessage ${each}`,
    run: (cache) => cache.getMessage(each),
    expected: (model) => model.getMessage(each),
  })),
  fc.tuple(messageId, status, place).map(([each, reached, isPlaced]): MessageStep => ({
    say: `status ${each} ${reached} ${isPlaced}`,
    run: (cache) => cache.updateMessageStatus(each, reached, isPlaced ? { conversationId: each[0] } : {}),
    expected: (model) => model.mark(each, reached, isPlaced ? each[0] : undefined),
  })),
  fc.tuple(messageId, place).map(([each, isPlaced]): MessageStep => ({
    say: `delete ${each} ${isPlaced}`,
    run: (cache) => cache.deleteMessage(each, isPlaced ? { conversationId: each[0] } : {}),
    expected: (model) => model.mark(each, 'deleted', isPlaced ? each[0] : undefined),
  })),
  conversation.map((where): MessageStep => ({
    say: `drop ${where}`,
    run: (cache) => cache.deleteConversationMessages(where),
    expected: (model) => model.drop(where),
  })),
  fc.tuple(conversation, user, fc.constantFrom(1, 3)).map(([where, who, by]): MessageStep => ({
    say: `increment ${where} ${who} ${by}`,
    run: (cache) => cache.incrementUnreadCount(where, who, by),
    expected: (model) => model.increment(where, who, by),
  })),
  fc.tuple(conversation, user).map(([where, who]): MessageStep => ({
    say: `unread ${where} ${who}`,
    run: (cache) => cache.getUnreadCount(where, who),
    expected: (model) => model.unread(where, who),
  })),
  fc.tuple(conversation, user).map(([where, who]): MessageStep => ({
    say: `reset ${where} ${who}`,
    run: (cache) => cache.resetUnreadCount(where, who),
    expected: (model) => model.reset(where, who),
  })),
  fc
    .tuple(conversation, user, fc.constantFrom(0, 1, 9, 10, 2 ** 53 - 1), fc.boolean())
    .map(([where, who, seq, isSent]): MessageStep => ({
      say: `mark ${isSent ? 'sent' : `read by ${who}`} ${where} ${seq}`,
      run: (cache) => (isSent ? cache.markSent(where, seq) : cache.markRead(where, who, seq)),
      expected: (model) => (isSent ? model.markSent(where, seq) : model.markRead(where, who, seq)),
    })),
);

compareStores<MessageCache<Message>, MessageModel>({
  steps,
  subject: (store, prefix) => new MessageCache<Message>({ store, prefix, maxPerConversation: most }),
  model: () => new MessageModel(most),
  state: (cache) =>
    Promise.all(['c', 'd'].flatMap((where) => [1, 2, 3].map((asked) => cache.getConversationMessages(where, asked)))),
});
