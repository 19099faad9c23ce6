// GET /v1/visits/{page}/badge.svg: the number of a page as an image, for README files.
import { z } from "zod";
import { etagOfBody, matchesIfNoneMatch } from "../lib/http/etag.ts";
import { operation } from "../lib/http/operation.ts";
import { type BadgeNumbers, badgeContent } from "./badge-content.ts";
import { numbersOrReason } from "./badge-numbers.ts";
import { badgeQuery, flag } from "./badge-options.ts";
import { drawBadge } from "./badge-svg.ts";
import type { History } from "./history.ts";
import { pageParams } from "./page.ts";

export type ReadBadgeNumbers = (page: string) => Promise<BadgeNumbers>;

const SPARKLINE_DAYS = 30;

const TYPE = "image/svg+xml";

/** An SVG that is opened as a page can run scripts; this one has none, and could not. */
const POLICY = "default-src 'none'; sandbox";

const headers = {
  ETag: { description: "Changes with the image.", example: '"Xw9Pz0J7mFq2nB4vL8sTdA"' },
};

export const badge = operation({
  tag: "Visits",
  summary: "Get a badge",
  description:
    "An image with the visits of a page, for a README. It counts nothing. The number is at most a minute old. A page that is not counted, and a failure, have a badge that says so with status 200: image proxies show no other.",
  params: pageParams,
  query: badgeQuery.extend({
    sparkline: flag.meta({ description: `Adds a line of the last ${SPARKLINE_DAYS} days.` }),
  }),
  responses: {
    200: { description: "The badge.", type: TYPE, schema: z.string(), headers },
    304: { description: "The badge has the ETag that If-None-Match names.", headers },
  },
  errors: [],
  example: {
    params: { page: "resume" },
    query: { style: "flat", label: "visits", color: "blue" },
    response:
      '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20" role="img" aria-label="visits: 1,234">…</svg>',
  },
  handler: async (
    { headers, params: { page }, query },
    { badgeNumbers, history }: { badgeNumbers: ReadBadgeNumbers; history: Pick<History, "days"> },
  ) => {
    const read = async () => ({
      numbers: await badgeNumbers(page),
      days: query.sparkline ? await history.days(page, SPARKLINE_DAYS) : [],
    });
    const found = await numbersOrReason(page, read);
    const content = badgeContent(query, typeof found === "string" ? found : found.numbers);
    const days = typeof found === "string" ? [] : found.days;
    const daily = days.map(({ visits, uniques }) => (query.unique ? (uniques ?? 0) : visits));
    const svg = await drawBadge(content, { style: query.style, daily });
    const etag = etagOfBody(svg);
    const common = { ETag: etag, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY };
    if (matchesIfNoneMatch(headers, etag)) return { status: 304, headers: common };
    return { headers: { ...common, "Content-Type": `${TYPE}; charset=utf-8` }, text: svg };
  },
});
