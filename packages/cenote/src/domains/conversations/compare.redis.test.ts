import fc from 'fast-check';

import { compareStores, type Step } from '../kit/compare.fixture.js';
import { ConversationCache } from './index.js';
import { ConversationModel, type Chat } from './model.fixture.js';

const most = 4;
type ConversationStep = Step<ConversationCache<Chat>, ConversationModel>;

const user = fc.oneof({ weight: 5, arbitrary: fc.constant('u') }, fc.constant('__proto__'));
const id = fc.constantFrom('a', 'B', '🜛', '\uffee', 'constructor');
const messageId = fc.constantFrom('1', '10', '9');
const time = fc.constantFrom(-8.64e15, 0, 1, 2, 1_700_000_000_000, 8.64e15);
const limit = fc.integer({ min: 1, max: 6 });
const unread = fc.constantFrom(0, 1, 999_999_999);
/** Few ids at few times, so that they collide. */
const chat: fc.Arbitrary<Chat> = fc.record(
  {
    id,
    name: fc.constantFrom('{"a":[]}', '1e300', '\n \u0000'),
    lastMessageAt: time,
    lastMessageId: messageId,
    unreadCount: unread,
    isPinned: fc.boolean(),
    isMuted: fc.boolean(),
  },
  { requiredKeys: ['id', 'name'] },
);
const chats = fc.array(chat, { minLength: 0, maxLength: 8, size: 'max' });
const both = fc.tuple(user, id);

const steps: fc.Arbitrary<ConversationStep> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(user, chats, fc.option(limit, { nil: undefined }))
      .map(([of, given, asked]): ConversationStep => ({
        say: `set ${of} ${JSON.stringify(given)} ${asked}`,
        run: (cache) => cache.setUserConversations(of, given, '10m', { limit: asked }),
        expected: (model) => model.set(of, given, asked),
      })),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(user, limit).map(([of, asked]): ConversationStep => ({
      say: `get ${of} ${asked}`,
      run: (cache) => cache.getUserConversations(of, asked),
      expected: (model) => model.get(of, asked),
    })),
  },
  fc.tuple(user, limit, chats).map(([of, asked, given]): ConversationStep => ({
    say: `load ${of} ${asked} ${JSON.stringify(given)}`,
    run: (cache) => cache.loadUserConversations(of, asked, () => given),
    expected: (model) => model.load(of, asked, given),
  })),
  {
    weight: 4,
    arbitrary: fc
      .tuple(both, messageId, fc.constantFrom('', '"\n'), time)
      .map(([[of, which], message, said, at]): ConversationStep => ({
        say: `last ${of} ${which} ${message} ${at}`,
        run: (cache) => cache.updateLastMessage(of, which, message, said, at),
        expected: (model) => model.last(of, which, message, said, at),
      })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(both, fc.constantFrom(1, 3), fc.option(messageId, { nil: undefined }), fc.option(time, { nil: undefined }))
      .map(([[of, which], by, message, given]): ConversationStep => {
        const at = message === undefined ? undefined : given;
        return {
          say: `count twice ${of} ${which} ${by} ${message} ${at}`,
          run: async (cache) => [
            await cache.incrementUnread(of, which, by, { messageId: message, at }),
            await cache.incrementUnread(of, which, by, { messageId: message, at }),
          ],
          expected: (model) => [model.count(of, which, by, message, at), model.count(of, which, by, message, at)],
        };
      }),
  },
  both.map(([of, which]): ConversationStep => ({
    say: `reset ${of} ${which}`,
    run: (cache) => cache.resetUnread(of, which),
    expected: (model) => model.reset(of, which),
  })),
  {
    weight: 2,
    arbitrary: fc.tuple(both, fc.boolean()).map(([[of, which], on]): ConversationStep => ({
      say: `pin ${of} ${which} ${on}`,
      run: (cache) => cache.setPinned(of, which, on),
      expected: (model) => model.pin(of, which, on),
    })),
  },
  fc.tuple(both, fc.boolean()).map(([[of, which], on]): ConversationStep => ({
    say: `mute ${of} ${which} ${on}`,
    run: (cache) => cache.setMuted(of, which, on),
    expected: (model) => model.mute(of, which, on),
  })),
  both.map(([of, which]): ConversationStep => ({
    say: `remove ${of} ${which}`,
    run: (cache) => cache.removeConversation(of, which),
    expected: (model) => model.remove(of, which),
  })),
  user.map((of): ConversationStep => ({
    say: `drop ${of}`,
    run: (cache) => cache.deleteUserConversations(of),
    expected: (model) => model.drop(of),
  })),
  {
    weight: 3,
    arbitrary: fc.tuple(user, fc.boolean()).map(([of, mutedToo]): ConversationStep => ({
      say: `total ${of} ${mutedToo}`,
      run: (cache) => cache.getTotalUnreadCount(of, { mutedToo }),
      expected: (model) => model.total(of, mutedToo),
    })),
  },
);

compareStores<ConversationCache<Chat>, ConversationModel>({
  steps,
  subject: (store, prefix) => new ConversationCache<Chat>({ store, prefix, maxPerUser: most }),
  model: () => new ConversationModel(most),
  state: (cache) =>
    Promise.all(['u', '__proto__'].flatMap((of) => [1, 2, 3, 4].map((asked) => cache.getUserConversations(of, asked)))),
});
