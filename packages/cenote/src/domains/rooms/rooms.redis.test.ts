import { onRedis } from '../kit/worlds.fixture.js';
import { roomsSuite } from './rooms.suite.js';

onRedis(roomsSuite);
