import { throughSuite } from './through.suite.js';
import { onRedis } from './worlds.fixture.js';

onRedis(throughSuite);
