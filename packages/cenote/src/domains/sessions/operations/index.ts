export { bury } from './bury.js';
export { extend } from './extend.js';
export { countMembers, members } from './members.js';
export { revoke } from './revoke.js';
export { rotate } from './rotate.js';
export { buried, route } from './route.js';
export { save, type SaveInput } from './save.js';
export { ban, clear, revokedWord } from './tokens.js';
