import { sql } from 'drizzle-orm';

import type { Database } from '../../../db/database.js';
import { festivalTimeZone } from '../calendar.js';
import { badges, progress, settings, userBadges } from '../schema.js';

/** What the application needs wherever it runs. Rows that are there stay as they are. */
export async function seedReference(db: Database): Promise<void> {
  await db.insert(badges).values(allBadges).onConflictDoNothing();
  await db.insert(settings).values(allSettings).onConflictDoNothing();
}

/** Gives everybody the badges that their figures reach: for seeds, which write figures directly. */
export async function awardEverybody(db: Database): Promise<void> {
  await db.execute(sql`
    insert into ${userBadges} (user_id, badge_id)
    select p.user_id, b.id from ${progress} p join ${badges} b
      on (b.criterion = 'xp' and b.threshold <= p.xp) or (b.criterion = 'check_ins' and b.threshold <= p.check_ins)
    on conflict do nothing`);
}

const allBadges: (typeof badges.$inferInsert)[] = [
  {
    code: 'first-steps',
    name: 'First steps',
    description: 'Checked in for the first time.',
    criterion: 'check_ins',
    threshold: 1,
  },
  { code: 'regular', name: 'Regular', description: 'Checked in five times.', criterion: 'check_ins', threshold: 5 },
  {
    code: 'everywhere',
    name: 'Seen everywhere',
    description: 'Checked in twenty times.',
    criterion: 'check_ins',
    threshold: 20,
  },
  { code: 'chinelo', name: 'Chinelo', description: 'Gathered 500 XP.', criterion: 'xp', threshold: 500 },
  { code: 'flor-de-pina', name: 'Flor de Piña', description: 'Gathered 1,500 XP.', criterion: 'xp', threshold: 1_500 },
  {
    code: 'danza-de-la-pluma',
    name: 'Danza de la Pluma',
    description: 'Gathered 5,000 XP.',
    criterion: 'xp',
    threshold: 5_000,
  },
];

const allSettings: (typeof settings.$inferInsert)[] = [
  {
    name: 'festival',
    value: { name: 'Guelaguetza', city: 'Oaxaca de Juárez', timeZone: festivalTimeZone, currency: 'MXN' },
  },
  { name: 'languages', value: ['es', 'en', 'zap'] },
  { name: 'features', value: { gamification: true, bookings: true, rsvps: true } },
  { name: 'support', value: { email: 'hola@guelaguetza.example' } },
];
