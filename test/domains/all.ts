import type { Torture } from './torture.js';

/** The domains that are tortured, by name. Loaded when asked for: a process tortures one. */
const all = {
  sessions: () => import('./sessions.js'),
  messages: () => import('./messages.js'),
  presence: () => import('./presence.js'),
  conversations: () => import('./conversations.js'),
  rooms: () => import('./rooms.js'),
} satisfies Record<string, () => Promise<{ readonly torture: Torture }>>;

export type DomainName = keyof typeof all;

export const domainNames = Object.keys(all) as readonly DomainName[];

export async function tortureOf(name: DomainName): Promise<Torture> {
  return (await all[name]()).torture;
}
