import { onMemory } from '../kit/worlds.fixture.js';
import { conversationsSuite } from './conversations.suite.js';

onMemory(conversationsSuite);
