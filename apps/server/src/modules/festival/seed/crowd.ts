import { sql } from 'drizzle-orm';

import type { Database } from '../../../db/database.js';
import { users } from '../../../db/users.js';
import { progress } from '../schema.js';
import { awardEverybody } from './reference.js';

/** A member of the crowd, as it is written. */
export interface CrowdMember {
  readonly username: string;
  readonly displayName: string;
  readonly xp: number;
  readonly checkIns: number;
}

const batchSize = 5_000;

/** Writes `size` users with XP and badges, always the same for a seed; those that are there stay. Some 10 s for 100,000. */
export async function seedCrowd(db: Database, size: number, seed = 1): Promise<void> {
  const crowd = crowdOf(size, seed);
  for (let start = 0; start < crowd.length; start += batchSize)
    await insertBatch(db, crowd.slice(start, start + batchSize));
  await awardEverybody(db);
  await db.execute(sql`analyze`);
}

/** Many have gained a little, few a lot. */
export function crowdOf(size: number, seed: number): CrowdMember[] {
  const random = mulberry32(seed);
  return Array.from({ length: size }, (_, index) => {
    const checkIns = Math.floor(-8 * Math.log(1 - random()));
    const displayName = `${pick(givenNames, random())} ${pick(familyNames, random())}`;
    return {
      username: `crowd-${index + 1}`,
      displayName,
      checkIns,
      xp: checkIns * 100 + 10 * Math.floor(random() * 10),
    };
  });
}

async function insertBatch(db: Database, batch: readonly CrowdMember[]): Promise<void> {
  const rows = sql`json_to_recordset(${JSON.stringify(batch)}::json) as member("username" text, "displayName" text, "xp" int, "checkIns" int)`;
  await db.execute(
    sql`insert into ${users} (username, display_name) select "username", "displayName" from ${rows} on conflict do nothing`,
  );
  await db.execute(sql`
    insert into ${progress} (user_id, xp, check_ins)
    select u.id, "xp", "checkIns" from ${rows} join ${users} u on u.username = member."username"
    on conflict do nothing`);
}

/** A small generator with a seed: the same crowd on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick(names: readonly string[], part: number): string {
  return names[Math.floor(part * names.length)] ?? '';
}

const givenNames = [
  'Alma',
  'Bruno',
  'Citlali',
  'Diego',
  'Elena',
  'Fermín',
  'Guie',
  'Hilario',
  'Inés',
  'Jacinto',
  'Leticia',
  'Mateo',
  'Noemí',
  'Óscar',
  'Paloma',
  'Saúl',
];
const familyNames = [
  'Aquino',
  'Bautista',
  'Cortés',
  'Díaz',
  'Esteva',
  'Flores',
  'García',
  'Hernández',
  'Ibarra',
  'Juárez',
  'Luna',
  'Martínez',
  'Nava',
  'Olivera',
  'Robles',
  'Toledo',
];
