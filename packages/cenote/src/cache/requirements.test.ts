import { describe } from 'vitest';

import { connect } from '../store/connect.js';
import { requirementsSuite } from './requirements.suite.js';

describe('in this process', () => {
  requirementsSuite(async () => {
    const store = connect('memory:');
    return { store, prefix: 'req', close: () => store.close() };
  });
});
