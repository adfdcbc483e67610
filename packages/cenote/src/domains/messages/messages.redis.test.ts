import { onRedis } from '../kit/worlds.fixture.js';
import { messagesSuite } from './messages.suite.js';

onRedis(messagesSuite);
