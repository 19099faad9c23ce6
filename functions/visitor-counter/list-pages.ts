// GET /v1/visits: the counted pages with their numbers.
import { z } from "zod";
import { guardedOperation } from "../lib/http/operation.ts";
import { pageCount } from "./page.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

/** Rows that are read at once. */
const READS = 10;

export const listPages = guardedOperation({
  tag: "Visits",
  summary: "List the pages with their visits",
  description: "The pages of the setting PAGES, in its order. Does not count a visit.",
  responses: {
    200: { description: "The numbers of every page.", schema: z.object({ pages: z.array(pageCount) }) },
  },
  errors: ["DEPENDENCY_UNAVAILABLE"],
  example: { response: { pages: [{ page: "resume", count: 1234, today: 7 }] } },
  handler: async (_, { pages, visits }: { pages: readonly string[]; visits: Pick<VisitorCounter, "read"> }) => {
    const numbers: z.input<typeof pageCount>[] = [];
    for (let at = 0; at < pages.length; at += READS) {
      const batch = pages.slice(at, at + READS);
      numbers.push(...(await Promise.all(batch.map(async (page) => ({ page, ...(await visits.read(page)) })))));
    }
    return { json: { pages: numbers } };
  },
});
