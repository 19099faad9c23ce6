// The numbers of one day of a page, and the row `day:YYYY-MM-DD` that keeps them once the day is over.
import { z } from "zod";

const count = z.int().nonnegative();

export const dayNumbers = z.object({
  /** Calendar day of the site, YYYY-MM-DD. */
  day: z.iso.date(),
  count,
  /** Different visitors. Unknown where an older release counted or a site counts no uniques. */
  unique: count.optional(),
  /** `unique` is an estimate, or lacks some visits. */
  approximate: z.literal(true).optional(),
});
export type DayNumbers = Readonly<z.infer<typeof dayNumbers>>;

/** `unique` and `approximate` are absent from rows that an older release wrote. */
type DayRow = { count: bigint; unique?: bigint; approximate?: boolean };

const PREFIX = "day:";

/** Row keys sort as the days do. */
export const dayRowKey = (day: string): string => `${PREFIX}${day}`;

/** Counts are Edm.Int64, for which the SDK uses bigint. */
export const toDayRow = ({ count, unique, approximate }: DayNumbers): DayRow => ({
  count: BigInt(count),
  ...(unique !== undefined && { unique: BigInt(unique) }),
  ...(approximate && { approximate }),
});

/** @throws {z.ZodError} for a row that no release wrote */
export const fromDayRow = ({ rowKey, count, unique, approximate }: DayRow & { readonly rowKey: string }): DayNumbers =>
  dayNumbers.parse({
    day: rowKey.slice(PREFIX.length),
    count: Number(count),
    ...(unique !== undefined && { unique: Number(unique) }),
    ...(approximate && { approximate }),
  });
