// What the operations on a page share: its path parameter, and the shape of its numbers.
import { z } from "zod";
import { pageSlug } from "../lib/settings.ts";

export const pageParams = z.object({
  page: pageSlug.meta({ description: "A counted page, as the setting PAGES names it." }),
});

const count = z.int().nonnegative();

export const pageCount = z
  .object({
    page: z.string(),
    count: count.meta({ description: "Visits ever." }),
    today: count.meta({ description: "Visits on the current day in the site's time zone." }),
  })
  .meta({ id: "PageCount", description: "The numbers of one page." });
