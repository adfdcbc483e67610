import { connect } from 'cenote';
import { afterAll, describe } from 'vitest';

import { keyspacesSuite } from './keyspaces.suite.js';

describe('in this process', () => {
  const store = connect('memory:');
  afterAll(() => store.close());
  keyspacesSuite(() => store);
});
