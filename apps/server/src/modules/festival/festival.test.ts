import { connect } from 'cenote';
import { describe } from 'vitest';

import { startApp } from '../../app.fixture.js';
import { openEmbedded } from '../../db/embedded.js';
import { festivalSuite } from './festival.suite.js';

describe('the festival, embedded', () => {
  festivalSuite(async () => startApp(await openEmbedded(), connect('memory:')));
});
