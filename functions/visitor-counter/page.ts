// What the operations on a page share: its path parameter, and the shape of its numbers.
import { z } from "zod";
import { pageSlug } from "../lib/settings.ts";

export const pageParams = z.object({
  page: pageSlug.meta({ description: "A counted page, as the setting PAGES names it." }),
});

export const count = z.int().nonnegative();

export const pageCount = z
  .object({
    page: z.string(),
    count: count.meta({ description: "Visits ever." }),
    today: count.meta({ description: "Visits on the current day in the site's time zone." }),
  })
  .meta({ id: "PageCount", description: "The numbers of one page." });

/** Absent from every answer that has a number of its own. */
export const degraded = z.literal(true).optional().meta({
  description:
    "Present beyond the day's write budget: the visit is counted within a minute or so, and the numbers are the last committed ones, which others may be told too.",
});

/** What a counted visit is told. */
export const visitAnswer = pageCount
  .extend({ degraded })
  .meta({ id: "Visit", description: "The numbers after a visit." });
