import { onMemory } from '../kit/worlds.fixture.js';
import { messagesSuite } from './messages.suite.js';

onMemory(messagesSuite);
