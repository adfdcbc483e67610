import { z } from 'zod';

/** Shapes that every module's routes share. */

const largestId = 2_147_483_647;
const largestPage = 10_000;
const largestLimit = 100;

/** An id within a body. */
export const Id = z.int().min(1).max(largestId);

/** An id within a path: one that does not fit is a path that leads nowhere, so a 404. */
export const PathId = z.coerce.number<string>().int().min(1).max(largestId);

export const Instant = z.iso.datetime();
export const Day = z.iso.date();

export const Paging = z.object({
  page: z.coerce.number<string>().int().min(1).max(largestPage).default(1),
  limit: z.coerce.number<string>().int().min(1).max(largestLimit).default(20),
});

/** `all`, or a category; one that nothing belongs to has empty pages. */
const Category = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} _-]{0,39}$/u, 'must be a word of up to 40 letters and digits')
  .default('all');

export const CategoryPaging = Paging.extend({ cat: Category });
export type CategoryPaging = z.output<typeof CategoryPaging>;

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), page: z.int(), limit: z.int(), total: z.int() });
}

export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item) });
}
