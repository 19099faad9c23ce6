// GET /v1/visits/{page}/history: the visits of a page by day, week or month.
import { z } from "zod";
import { preferredType } from "../lib/http/accept.ts";
import { operation } from "../lib/http/operation.ts";
import { type History, MAX_DAYS } from "./history.ts";
import { daysAsCsv, periodsAsCsv } from "./history-csv.ts";
import { periodsOf } from "./history-periods.ts";
import { count, pageErrors, pageParams } from "./page.ts";

const day = z.iso.date();
const approximate = z
  .literal(true)
  .optional()
  .meta({ description: "The uniques are an estimate, or lack some visits." });

const common = {
  page: z.string(),
  timeZone: z.string().meta({ description: "IANA name: the days of the site begin at midnight there." }),
  from: day,
  to: day.meta({ description: "Today." }),
};

const historyResponse = z
  .union([
    z.object({
      ...common,
      by: z.literal("day"),
      items: z.array(
        z.object({
          day,
          visits: count,
          uniques: count.nullable().meta({ description: "Unique visitors; null where nothing counted them." }),
          approximate,
        }),
      ),
    }),
    z.object({
      ...common,
      by: z.enum(["week", "month"]),
      items: z.array(
        z.object({
          period: z.string().meta({ description: "The ISO week, such as 2026-W47, or the month, such as 2026-11." }),
          from: day.meta({ description: "Its first day that is included." }),
          to: day,
          visits: count,
          dailyUniques: count.nullable().meta({
            description:
              "Sum of the unique visitors of its days: a visitor of two days counts twice. null where a day with visits has none.",
          }),
          approximate,
        }),
      ),
    }),
  ])
  .meta({ id: "History", description: "The visits of a page by day, week or month, oldest first." });

const CSV = "text/csv";
const CSV_IN_UTF_8 = `${CSV}; charset=utf-8`;
const exampleDays = [
  { day: "2026-11-19", visits: 12, uniques: null },
  { day: "2026-11-20", visits: 0, uniques: 0 },
  { day: "2026-11-21", visits: 9, uniques: 7 },
];

export const readHistory = operation({
  tag: "Visits",
  summary: "Get the visits of a page by day",
  description:
    "Every day of the range is listed, in the site's time zone. The numbers are at most a minute old. A day has the larger number of those counted and those imported. With `Accept: text/csv` by day, the response is what an import takes.",
  params: pageParams,
  query: z.strictObject({
    days: z.coerce
      .number()
      .int()
      .min(1)
      .max(MAX_DAYS)
      .default(30)
      .meta({ description: "Number of days, the last one being today." }),
    by: z.enum(["day", "week", "month"]).default("day").meta({ description: "`week` is the ISO week." }),
  }),
  responses: {
    200: {
      description: "The history.",
      schema: historyResponse,
      also: {
        [CSV]: {
          schema: z.string().meta({
            description:
              "By day `day,visits,uniques`, otherwise `period,from,to,visits,dailyUniques`. Unknown uniques are empty.",
          }),
          example: daysAsCsv(exampleDays),
        },
      },
    },
  },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    NOT_FOUND: pageErrors.NOT_FOUND,
    VALIDATION_FAILED: 'query.days must be at most 400, received "500": send for example 3.',
  },
  example: {
    params: { page: "resume" },
    query: { days: 3, by: "day" },
    response: {
      page: "resume",
      timeZone: "Europe/Berlin",
      from: "2026-11-19",
      to: "2026-11-21",
      by: "day",
      items: exampleDays,
    },
  },
  handler: async ({ headers, params: { page }, query: { by, days: number } }, { history }: { history: History }) => {
    const { timeZone } = history;
    const days = await history.days(page, number);
    const cached = { "Cache-Control": "public, max-age=60", Vary: "Origin, Accept" };
    if (preferredType(headers, ["application/json", CSV_IN_UTF_8]) === CSV_IN_UTF_8)
      return {
        headers: { ...cached, "Content-Type": CSV_IN_UTF_8 },
        text: by === "day" ? daysAsCsv(days) : periodsAsCsv(periodsOf(days, by)),
      };
    const items = by === "day" ? days : periodsOf(days, by);
    return { headers: cached, json: { page, timeZone, from: days[0]?.day, to: days.at(-1)?.day, by, items } };
  },
});
