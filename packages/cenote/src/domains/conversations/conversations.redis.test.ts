import { onRedis } from '../kit/worlds.fixture.js';
import { conversationsSuite } from './conversations.suite.js';

onRedis(conversationsSuite);
