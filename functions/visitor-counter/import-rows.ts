// The row `import:YYYY-MM-DD`: an imported day of a page, apart from the counted one, which any instance may write again.
import { z } from "zod";

const count = z.int().nonnegative();

const importedDay = z.object({
  /** YYYY-MM-DD */
  day: z.iso.date(),
  visits: count,
  /** Undefined where the source does not know them. */
  uniques: count.optional(),
});
export type ImportedDay = Readonly<z.infer<typeof importedDay>>;

type ImportRow = { visits: bigint; uniques?: bigint };

const PREFIX = "import:";

/** Row keys sort as the days do. */
export const importRowKey = (day: string): string => `${PREFIX}${day}`;

/** Counts are Edm.Int64, for which the SDK uses bigint. */
export const toImportRow = ({ visits, uniques }: ImportedDay): ImportRow => ({
  visits: BigInt(visits),
  ...(uniques !== undefined && { uniques: BigInt(uniques) }),
});

/** @throws {z.ZodError} for a row that no release wrote */
export const fromImportRow = ({ rowKey, visits, uniques }: ImportRow & { readonly rowKey: string }): ImportedDay =>
  importedDay.parse({
    day: rowKey.slice(PREFIX.length),
    visits: Number(visits),
    ...(uniques !== undefined && { uniques: Number(uniques) }),
  });
