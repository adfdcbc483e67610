import { feedSuite } from './feed.suite.js';
import { outageSuite } from './outage.suite.js';
import { presenceSuite } from './presence.suite.js';
import { onMemory } from '../kit/worlds.fixture.js';

onMemory(presenceSuite);
onMemory(feedSuite);
onMemory(outageSuite);
