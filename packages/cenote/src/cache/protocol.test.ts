import { protocolSuite } from './protocol.suite.js';
import { memoryWorld } from './world.fixture.js';

protocolSuite(memoryWorld);
