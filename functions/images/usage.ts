// GET /v1/images/usage: what the caller's images take, by retention and by month.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { retentions } from "../lib/names.ts";
import type { ImageMonths } from "./image-months.ts";
import { addCounts, nothing, totalOf } from "./usage-counts.ts";
import type { MonthUsage, UsageRows } from "./usage-rows.ts";

/** Table calls for the months, in addition to one query of the counts. */
const MAX_CALLS = 12;

const counts = z.object({
  images: z.int().nonnegative(),
  bytes: z.int().nonnegative().meta({ description: "Of the originals." }),
  variants: z.int().nonnegative(),
  variantBytes: z.int().nonnegative(),
});

const usageResponse = z
  .object({
    asOf: z.iso
      .datetime()
      .meta({ description: "Every change before it is counted. Months that change are counted again every hour." }),
    ...counts.shape,
    byRetention: z.object({ "90": counts, "180": counts, "365": counts, keep: counts }),
    months: z
      .array(z.object({ month: z.string().meta({ description: "Of the upload, in UTC: YYYY-MM." }), ...counts.shape }))
      .meta({ description: "Newest first, without months that have no images." }),
  })
  .meta({ id: "Usage", description: "What the caller's images take." });

const startOf = (month: string) => Date.parse(`${month}-01T00:00:00Z`);

/** When a month was counted last: now when it has not changed since, and before its first image when it never was. */
const asOf = ({ month, asOf: counted, isMarked }: MonthUsage, now: number) => {
  if (counted === undefined) return startOf(month);
  return isMarked ? counted : now;
};

type UsageDeps = {
  readonly imageMonths: Pick<ImageMonths, "list">;
  readonly usageRows: Pick<UsageRows, "months" | "mark">;
};

/** The months of an owner. Those that an older release has not marked are marked now. */
async function readMonths(owner: string, { imageMonths, usageRows }: UsageDeps): Promise<readonly MonthUsage[]> {
  const known = await imageMonths.list(owner, { left: MAX_CALLS });
  if (!known)
    throw new AppError("DEPENDENCY_UNAVAILABLE", "The months of the images are still being searched", {
      isBusy: true,
      retryAfter: 1,
    });
  const months = await usageRows.months(owner);
  const missing = known.filter((month) => !months.some((each) => each.month === month));
  // The next reads mark the others.
  await Promise.all(missing.slice(0, MAX_CALLS).map((month) => usageRows.mark(owner, month)));
  return [...months, ...missing.map((month) => ({ month, usage: {}, isMarked: true }))];
}

const example = { images: 2, bytes: 96_426, variants: 18, variantBytes: 161_280 };

export const readUsage = guardedOperation({
  tag: "Images",
  summary: "Get the usage of storage",
  description:
    "Number and bytes of the caller's images and their variants, by retention and by month of upload. Expired images count until they are deleted. The numbers are as of `asOf`: a timer counts the months that have changed every hour. A month that was never counted is missing, and `asOf` is then its start.",
  responses: { 200: { description: "The usage.", schema: usageResponse } },
  errors: ["DEPENDENCY_UNAVAILABLE"],
  example: {
    response: {
      asOf: "2026-11-21T10:00:00.000Z",
      ...example,
      byRetention: { "90": nothing, "180": nothing, "365": nothing, keep: example },
      months: [{ month: "2026-11", ...example }],
    },
  },
  handler: async ({ caller: { subject: owner } }, deps: UsageDeps) => {
    const now = Date.now();
    const months = await readMonths(owner, deps);
    const byRetention = Object.fromEntries(
      retentions.map((each) => [
        each,
        months.reduce((sum, { usage }) => addCounts(sum, usage[each] ?? nothing), nothing),
      ]),
    );
    const listed = months.map(({ month, usage }) => ({ month, ...totalOf(usage) })).filter(({ images }) => images > 0);
    return {
      json: {
        asOf: new Date(Math.min(now, ...months.map((month) => asOf(month, now)))).toISOString(),
        ...months.reduce((sum, { usage }) => addCounts(sum, totalOf(usage)), nothing),
        byRetention,
        months: listed.sort((a, b) => (a.month < b.month ? 1 : -1)),
      },
    };
  },
});
