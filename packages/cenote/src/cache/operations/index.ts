export { acquire } from './acquire.js';
export { capture, hold } from './capture.js';
export { release } from './release.js';
export { remove } from './remove.js';
export { renew } from './renew.js';
export { retire } from './retire.js';
export { write, type WriteInput } from './write.js';
