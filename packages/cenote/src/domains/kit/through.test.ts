import { throughSuite } from './through.suite.js';
import { onMemory } from './worlds.fixture.js';

onMemory(throughSuite);
