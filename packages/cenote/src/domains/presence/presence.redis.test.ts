import { feedSuite } from './feed.suite.js';
import { outageSuite } from './outage.suite.js';
import { presenceSuite } from './presence.suite.js';
import { onRedis } from '../kit/worlds.fixture.js';

onRedis(presenceSuite);
onRedis(feedSuite);
onRedis(outageSuite);
