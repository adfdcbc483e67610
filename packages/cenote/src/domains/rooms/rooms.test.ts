import { onMemory } from '../kit/worlds.fixture.js';
import { roomsSuite } from './rooms.suite.js';

onMemory(roomsSuite);
