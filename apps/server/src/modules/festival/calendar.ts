import { sql, type SQL } from 'drizzle-orm';

/** Days are those of Oaxaca, wherever the server runs. */
export const festivalTimeZone = 'America/Mexico_City';

const dayForm = new Intl.DateTimeFormat('en-CA', {
  timeZone: festivalTimeZone,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});
const millisecondsPerDay = 86_400_000;

/** The day in Oaxaca, as `2026-07-20`. */
export function dayOf(instant: Date): string {
  return dayForm.format(instant);
}

export function daysAfter(day: string, count: number): string {
  return new Date(Date.parse(day) + count * millisecondsPerDay).toISOString().slice(0, 10);
}

export function daysBetween(start: string, end: string): number {
  return (Date.parse(end) - Date.parse(start)) / millisecondsPerDay;
}

/** The instant at which a day begins in Oaxaca, for SQL. */
export function startOfDay(day: string): SQL {
  return sql`(${day}::date::timestamp at time zone ${festivalTimeZone})`;
}
