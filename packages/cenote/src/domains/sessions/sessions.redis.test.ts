import { onRedis } from '../kit/worlds.fixture.js';
import { awaySuite } from './away.suite.js';
import { sessionsSuite } from './sessions.suite.js';
import { sourceSuite } from './source.suite.js';
import { tokensSuite } from './tokens.suite.js';

for (const suite of [sessionsSuite, tokensSuite, sourceSuite, awaySuite]) onRedis(suite);
