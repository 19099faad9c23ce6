// GET and POST /visitor_counter: the route that existing résumé pages call. It counts the page `resume`.
import { z } from "zod";
import { operation } from "../lib/http/operation.ts";
import { acceptVisit, type VisitDeps } from "./accept-visit.ts";
import { count, degraded, pageErrors } from "./page.ts";

const PAGE = "resume";

export const dropIn = operation({
  tag: "Visits",
  summary: "Count a visit of the résumé (for existing pages)",
  description: "HEAD, prefetches and programs get the current number and count nothing.",
  responses: {
    200: {
      description: "The number after this visit, or the current one.",
      schema: z.object({ visitor_counter: count, degraded }),
    },
  },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: { NOT_FOUND: pageErrors.NOT_FOUND },
  example: { response: { visitor_counter: 1234 } },
  handler: async ({ method, ...request }, deps: VisitDeps) => {
    const { count, degraded } = await (method === "HEAD" ? deps.visits.recent(PAGE) : acceptVisit(PAGE, request, deps));
    return { json: { visitor_counter: count, ...(degraded && { degraded }) } };
  },
});
