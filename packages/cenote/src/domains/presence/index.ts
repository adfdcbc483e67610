/** Who is online, away or offline, when they were last seen, and who types. */
export { PresenceCache } from './presence.js';
export type { PresenceChange, PresenceEvents, PresenceGap } from './feed.js';
export type {
  ConnectionOptions,
  HeartbeatOptions,
  PageOptions,
  PresenceOptions,
  PresenceStatus,
  WatchingOptions,
} from './options.js';
export type { OnlinePage } from './pages.js';
export type { DomainCallOptions } from '../kit/call.js';
export type { DomainOptions } from '../kit/ground.js';
