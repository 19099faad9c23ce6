// GET and POST /visitor_counter: the route that existing résumé pages call. It counts the page `resume`.
import { z } from "zod";
import { operation } from "../lib/http/operation.ts";
import { count, degraded, pageErrors } from "./page.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

const PAGE = "resume";

/** Whether a browser fetches ahead of a click. The person has not seen the page yet. */
function isPrefetch(headers: Headers): boolean {
  return ["sec-purpose", "purpose", "x-moz", "x-purpose"].some((name) =>
    /prefetch|preview|prerender/i.test(headers.get(name) ?? ""),
  );
}

export const dropIn = operation({
  tag: "Visits",
  summary: "Count a visit of the résumé (for existing pages)",
  description: "HEAD and prefetches return the current number and count nothing.",
  responses: {
    200: {
      description: "The number after this visit.",
      schema: z.object({ visitor_counter: count, degraded }),
    },
  },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: { NOT_FOUND: pageErrors.NOT_FOUND },
  example: { response: { visitor_counter: 1234 } },
  handler: async ({ headers, method }, { visits }: { visits: VisitorCounter }) => {
    const isVisit = method !== "HEAD" && !isPrefetch(headers);
    const { count, degraded } = await (isVisit ? visits.count(PAGE) : visits.read(PAGE));
    return { json: { visitor_counter: count, ...(degraded && { degraded }) } };
  },
});
