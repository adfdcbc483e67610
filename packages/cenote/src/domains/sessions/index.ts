/** Sessions of users, and revoked tokens. */
export type { DomainCallOptions } from '../kit/call.js';
export type { DomainOptions } from '../kit/ground.js';
export type { DomainLoadContext } from '../kit/through.js';
export type { SessionOptions, SessionSource } from './options.js';
export type { Moment, Session, SessionData } from './session.js';
export { SessionCache, type GetSessionOptions } from './session-cache.js';
