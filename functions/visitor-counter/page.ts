// Schemas that the operations on a page share.
import { z } from "zod";
import { pageSlug } from "../lib/settings-schema.ts";
import { uncountedReasons } from "./visit-rules.ts";

export const pageParams = z.object({
  page: pageSlug.meta({ description: "A counted page: one of the setting PAGES." }),
});

export const pageErrors = {
  VALIDATION_FAILED:
    'path.page must be lower-case letters and digits, with single hyphens between them, received "Resume": send for example resume.',
  NOT_FOUND: 'No page "resume" is counted here: check its spelling, or add it to the setting PAGES.',
};

export const count = z.int().nonnegative();

export const pageCount = z
  .object({
    page: z.string(),
    count: count.meta({ description: "All visits." }),
    today: count.meta({ description: "Visits on the current day in the site's time zone." }),
    uniqueToday: count.optional().meta({
      description:
        "Different visitors on the current day: exact up to 1,000, then an estimate. Absent where it is unknown, where the site does not count them, and from the response to a visitor who must not be recognized (Global Privacy Control, Do Not Track).",
    }),
  })
  .meta({ id: "PageCount", description: "The numbers of one page." });

/** Absent from every response with a number of its own. */
export const degraded = z.literal(true).optional().meta({
  description:
    "Present beyond the day's write budget. The visit is normally counted about a minute later. The numbers are the last committed ones, and other visits may get the same.",
});

export const visitResponse = pageCount
  .extend({
    counted: z.boolean().meta({ description: "Whether this request is counted as a visit." }),
    reason: z.enum(uncountedReasons).optional().meta({
      description:
        "Why not: `bot` for a client that names itself as a program or not at all, `prefetch` for a page that is loaded ahead of a click.",
    }),
    degraded,
  })
  .meta({ id: "Visit", description: "The numbers after a visit." });
