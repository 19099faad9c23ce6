// POST /v1/visits/{page}/import: imports days of a page, from our own CSV or an export of GoatCounter.
import { z } from "zod";
import { readCsv } from "../lib/http/csv.ts";
import { guardedOperation, type OperationRequest } from "../lib/http/operation.ts";
import { throwValidationError } from "../lib/http/validation-issues.ts";
import { MAX_DAYS } from "./history.ts";
import { type DaysReader, type ImportContext, importFormats, readerOf } from "./import-days.ts";
import type { Imports } from "./imports.ts";
import { count, pageErrors, pageParams } from "./page.ts";

const day = z.iso.date();

const importResponse = z
  .object({
    page: z.string(),
    format: z.enum(importFormats),
    lines: count.meta({ description: "Lines of the body after the first." }),
    days: count.meta({ description: "Days in them, today left out." }),
    from: day,
    to: day,
    visits: count,
    uniques: count.nullable().meta({ description: "Sum of the days; null where a day has none." }),
    changed: count.meta({ description: "Days of which a number was larger than in any earlier import." }),
    total: count.optional().meta({ description: "With `raiseTotal`: the page's total." }),
  })
  .meta({ id: "Import", description: "What was imported." });

type Body = Pick<OperationRequest<unknown, unknown, unknown, unknown>, "headers" | "contentLength" | "stream">;

async function readImport(body: Body, { maxBytes, ...context }: ImportContext & { readonly maxBytes: number }) {
  let reader: DaysReader | undefined;
  let lines = 0;
  for await (const { fields, line } of readCsv(body, { maxBytes })) {
    if (!reader) reader = readerOf(fields, context);
    else {
      reader.add(fields, line);
      lines += 1;
    }
  }
  if (!reader)
    throwValidationError([{ path: "body", message: "must be CSV, received nothing: send the lines of the days." }]);
  return { format: reader.format, days: reader.days(), lines };
}

export const importVisits = guardedOperation({
  tag: "Visits",
  summary: "Import the visits of past days",
  description: `Takes \`day,visits,uniques\`, as the history returns it, or with \`path\` GoatCounter's CSV export version 2: its views of that path, without events and bots, by day in the site's time zone. At most ${MAX_DAYS} days and 10 MiB (or \`MAX_UPLOAD_BYTES\` if that is less). The current day is left out. A wrong line rejects the whole body. Imported numbers only grow, and the history shows the larger of counted and imported ones, so a repeated import changes nothing.`,
  params: pageParams,
  query: z.strictObject({
    path: z
      .string()
      .min(1)
      .max(2_048)
      .optional()
      .meta({ description: "Required for an export of GoatCounter: the path in its first column." }),
    raiseTotal: z
      .enum(["true", "false"])
      .default("false")
      .meta({ description: "`true` raises the page's total to at least the sum of all its days." }),
  }),
  csv: {
    description: "`day,visits,uniques`, where uniques may be empty; or GoatCounter's export version 2, not compressed.",
    example: "day,visits,uniques\r\n2024-05-01,12,\r\n2024-05-02,9,7\r\n",
  },
  responses: { 200: { description: "All days are imported.", schema: importResponse } },
  errors: ["NOT_FOUND", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    NOT_FOUND: pageErrors.NOT_FOUND,
    VALIDATION_FAILED:
      'body.line.3 must have a day as YYYY-MM-DD, received "20.11.2026": write for example 2026-11-21.',
    CONFLICT: "The row of 2026-11-20 kept changing while it was imported: send it again.",
    UNSUPPORTED_MEDIA_TYPE: 'The body must be CSV in UTF-8, received "application/json": send Content-Type: text/csv.',
    PAYLOAD_TOO_LARGE: "A CSV body must have at most 10485760 bytes, received more: send a part of it.",
  },
  example: {
    params: { page: "resume" },
    query: { raiseTotal: "true" },
    response: {
      page: "resume",
      format: "days",
      lines: 2,
      days: 2,
      from: "2024-05-01",
      to: "2024-05-02",
      visits: 21,
      uniques: null,
      changed: 2,
      total: 5021,
    },
  },
  handler: async (
    { caller, params: { page }, query: { path, raiseTotal }, ...body },
    { imports }: { imports: Imports },
  ) => {
    // Before the body, so that an unknown page costs no reading.
    const today = await imports.today(page);
    const { days, ...read } = await readImport(body, { today, path, dayOf: imports.dayOf, maxBytes: imports.maxBytes });
    const isRaised = raiseTotal === "true";
    const result = await imports.run(page, { ...read, days, path, by: caller.subject }, { raiseTotal: isRaised });
    const uniques = days.reduce<number | null>(
      (sum, { uniques }) => (sum === null || uniques === undefined ? null : sum + uniques),
      0,
    );
    const visits = days.reduce((sum, { visits }) => sum + visits, 0);
    const range = { days: days.length, from: days[0]?.day, to: days.at(-1)?.day };
    return { json: { page, ...read, ...range, visits, uniques, ...result } };
  },
});
