import { sql } from 'drizzle-orm';

import type { Database } from '../../../db/database.js';
import { users } from '../../../db/users.js';
import { dayOf, daysAfter } from '../calendar.js';
import { events, experiences, progress, rsvps, slots } from '../schema.js';
import { awardEverybody } from './reference.js';

/** Answers in development for callers without a token. */
export const demoUsername = 'demo';

/** People and a programme to click through, from tomorrow on. Does nothing where there are users already. */
export async function seedDemo(db: Database, now = new Date()): Promise<void> {
  await db.transaction(async (tx) => {
    const [somebody] = await tx.select({ id: users.id }).from(users).limit(1);
    if (somebody !== undefined) return;
    const people = await tx
      .insert(users)
      .values(everybody.map(({ username, displayName }) => ({ username, displayName })))
      .returning({ id: users.id });
    const ids = people.map(({ id }) => id);
    await tx
      .insert(progress)
      .values(everybody.map(({ visits }, index) => ({ userId: at(ids, index), xp: visits * 100, checkIns: visits })));
    await awardEverybody(tx);
    const offered = await tx.insert(experiences).values(allExperiences).returning({ id: experiences.id });
    await tx.insert(slots).values(offered.flatMap(({ id }, index) => slotsOf(id, index, dayOf(now))));
    const programme = await tx
      .insert(events)
      .values(allEvents.map((event) => eventRow(event, dayOf(now))))
      .returning({ id: events.id });
    await tx
      .insert(rsvps)
      .values(ids.flatMap((userId, index) => guestsChoice(programme, index).map((eventId) => ({ userId, eventId }))));
    await tx.execute(
      sql`update ${events} set going = (select count(*) from ${rsvps} r where r.event_id = ${events.id})`,
    );
  });
}

const everybody = [
  { username: demoUsername, displayName: 'Demo visitor', visits: 3 },
  { username: 'xochitl', displayName: 'Xóchitl Mendoza', visits: 41 },
  { username: 'benito', displayName: 'Benito Cruz', visits: 27 },
  { username: 'itzel', displayName: 'Itzel Santiago', visits: 22 },
  { username: 'lazaro', displayName: 'Lázaro Pérez', visits: 18 },
  { username: 'marisol', displayName: 'Marisol Vásquez', visits: 15 },
  { username: 'donaji', displayName: 'Donají López', visits: 15 },
  { username: 'emiliano', displayName: 'Emiliano Ruiz', visits: 9 },
  { username: 'nayeli', displayName: 'Nayeli Ortiz', visits: 6 },
  { username: 'rufino', displayName: 'Rufino Jiménez', visits: 4 },
  { username: 'tonatiuh', displayName: 'Tonatiuh Reyes', visits: 2 },
  { username: 'yatziri', displayName: 'Yatziri Morales', visits: 1 },
];

const allExperiences: (typeof experiences.$inferInsert)[] = [
  {
    title: 'Seven moles, one kitchen',
    description: 'Toast, grind and taste your way through the seven moles of the valley.',
    category: 'food',
    host: 'Cocina Abigail',
    location: 'Barrio de Jalatlaco',
    priceCents: 95_000,
    durationMinutes: 240,
  },
  {
    title: 'Palenque at dawn',
    description: 'Follow an agave from the field to the copper still, and learn to taste mezcal.',
    category: 'mezcal',
    host: 'Familia Hernández',
    location: 'Santiago Matatlán',
    priceCents: 72_000,
    durationMinutes: 300,
  },
  {
    title: 'Black clay by hand',
    description: 'Shape and burnish a piece of barro negro; it is fired and sent to you.',
    category: 'crafts',
    host: 'Taller Doña Rosa',
    location: 'San Bartolo Coyotepec',
    priceCents: 48_000,
    durationMinutes: 150,
  },
  {
    title: 'Colours of cochineal',
    description: 'Dye wool with insects, indigo and marigold, then weave a small rug.',
    category: 'crafts',
    host: 'Tejedores del Valle',
    location: 'Teotitlán del Valle',
    priceCents: 65_000,
    durationMinutes: 210,
  },
  {
    title: 'Monte Albán without the crowd',
    description: 'The city of the Zapotecs with an archaeologist, before the gates open.',
    category: 'culture',
    host: 'Caminos Zapotecos',
    location: 'Monte Albán',
    priceCents: 58_000,
    durationMinutes: 180,
  },
  {
    title: 'Hierve el Agua on foot',
    description: 'A walk along the petrified falls, and a swim above the valley.',
    category: 'nature',
    host: 'Sierra Abierta',
    location: 'San Lorenzo Albarradas',
    priceCents: 39_000,
    durationMinutes: 360,
  },
  {
    title: 'Alebrijes: carve and paint',
    description: 'Find the animal in a branch of copal and give it its colours.',
    category: 'crafts',
    host: 'Taller Jacobo',
    location: 'San Martín Tilcajete',
    priceCents: 54_000,
    durationMinutes: 180,
  },
  {
    title: 'Markets after dark',
    description: 'Tlayudas, tejate and tamales, from stall to stall.',
    category: 'food',
    host: 'Paladar Nocturno',
    location: 'Centro',
    priceCents: 42_000,
    durationMinutes: 150,
  },
];

const slotDays = 14;
const slotHours = ['10', '16'];

/** Two a day for two weeks, for 6 to 20 people. */
function slotsOf(experienceId: number, index: number, today: string): (typeof slots.$inferInsert)[] {
  const days = Array.from({ length: slotDays }, (_, day) => daysAfter(today, day + 1));
  return days.flatMap((day) =>
    slotHours.map((hour) => ({ experienceId, startsAt: local(day, hour), capacity: 6 + 2 * (index % 8) })),
  );
}

interface EventSeed {
  readonly title: string;
  readonly description: string;
  readonly category: string;
  readonly venue: string;
  /** Days from today. */
  readonly day: number;
  readonly hour: string;
  readonly hours: number;
  readonly capacity?: number;
  readonly checkInXp?: number;
}

const allEvents: EventSeed[] = [
  {
    title: 'Artisans of the eight regions',
    description: 'Weavers, potters and carvers show their work and how it is made.',
    category: 'crafts',
    venue: 'Alameda de León',
    day: 0,
    hour: '00',
    hours: 24 * 30,
    checkInXp: 50,
  },
  {
    title: 'Convite and calenda',
    description: 'Giants, fireworks and brass bands call the city to the feast.',
    category: 'parade',
    venue: 'Calle Macedonio Alcalá',
    day: 1,
    hour: '18',
    hours: 4,
  },
  {
    title: 'First Monday of the Hill',
    description: 'Delegations of the eight regions dance and share their gifts.',
    category: 'dance',
    venue: 'Auditorio Guelaguetza',
    day: 3,
    hour: '10',
    hours: 4,
    capacity: 11_000,
    checkInXp: 200,
  },
  {
    title: 'Bani Stui Gulal',
    description: 'The history of the festival, told in dance.',
    category: 'dance',
    venue: 'Plaza de la Danza',
    day: 2,
    hour: '20',
    hours: 3,
    capacity: 1_500,
    checkInXp: 150,
  },
  {
    title: 'Mezcal fair',
    description: 'Palenqueros from all over the state pour what they make.',
    category: 'food',
    venue: 'Centro de Convenciones',
    day: 4,
    hour: '12',
    hours: 10,
    capacity: 4_000,
  },
  {
    title: 'Night of brass bands',
    description: 'Philharmonic bands of the Sierra Norte until the last one stands.',
    category: 'music',
    venue: 'Zócalo',
    day: 5,
    hour: '19',
    hours: 4,
  },
  {
    title: 'Donají, the legend',
    description: 'The princess, the prince and the lily, on an open stage.',
    category: 'theatre',
    venue: 'Auditorio Guelaguetza',
    day: 9,
    hour: '20',
    hours: 3,
    capacity: 11_000,
    checkInXp: 150,
  },
  {
    title: 'Second Monday of the Hill',
    description: 'The octave of the feast, with other delegations.',
    category: 'dance',
    venue: 'Auditorio Guelaguetza',
    day: 10,
    hour: '10',
    hours: 4,
    capacity: 11_000,
    checkInXp: 200,
  },
  {
    title: 'Workshop: son istmeño',
    description: 'Steps, skirts and sandunga for beginners.',
    category: 'workshop',
    venue: 'Casa de la Cultura',
    day: 6,
    hour: '11',
    hours: 2,
    capacity: 25,
  },
  {
    title: 'Tejate for everybody',
    description: 'The drink of the gods, stirred by hand in San Andrés Huayápam.',
    category: 'food',
    venue: 'San Andrés Huayápam',
    day: 12,
    hour: '10',
    hours: 8,
  },
];

function eventRow({ day, hour, hours, ...event }: EventSeed, today: string): typeof events.$inferInsert {
  const startsAt = local(daysAfter(today, day), hour);
  return { ...event, startsAt, endsAt: new Date(startsAt.getTime() + hours * 3_600_000) };
}

/** Oaxaca has had no summer time since 2022. */
function local(day: string, hour: string): Date {
  return new Date(`${day}T${hour}:00:00-06:00`);
}

/** The demo visitor starts with an empty diary, the others with two or three events. */
function guestsChoice(programme: readonly { id: number }[], person: number): number[] {
  if (person === 0) return [];
  return programme.filter((_, index) => (index + person) % 4 === 0).map(({ id }) => id);
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`item ${index} of ${items.length}`);
  return item;
}
