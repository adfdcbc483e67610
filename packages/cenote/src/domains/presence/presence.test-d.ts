import type { OnlinePage, PresenceCache, PresenceChange, PresenceGap, PresenceStatus } from './index.js';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(proof: Same<A, B>): void;
declare const presence: PresenceCache;

// Listeners get what their event is.
presence.on('change', (change) => same<typeof change, PresenceChange>(true));
presence.on('gap', (gap) => same<typeof gap, PresenceGap>(true));
// @ts-expect-error -- there is no such event
presence.on('changes', () => {});

// A status may be unknown, but no change is.
same<ReturnType<PresenceCache['getStatus']>, Promise<PresenceStatus>>(true);
same<PresenceChange['status'], Exclude<PresenceStatus, 'unknown'>>(true);
same<ReturnType<PresenceCache['getOnlineCount']>, Promise<number | undefined>>(true);
same<ReturnType<PresenceCache['getOnlineUsers']>, Promise<OnlinePage>>(true);

void presence.setOnline('alice', '5m', { connectionId: 'tab' });
// @ts-expect-error -- a number without a unit is no duration
void presence.setOnline('alice', '300');
// @ts-expect-error -- only a heartbeat says whether the user is active
void presence.setOnline('alice', '5m', { active: true });
