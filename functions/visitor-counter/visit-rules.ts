// Which requests are visits, and who the visitor is.
import { createHash } from "node:crypto";
import { isbot } from "isbot";
import { UNKNOWN } from "../lib/http/forged-headers.ts";
import { VERIFY_PAGE } from "../lib/names.ts";
import type { VisitorHash } from "./uniques.ts";

export const uncountedReasons = ["bot", "prefetch"] as const;
export type UncountedReason = (typeof uncountedReasons)[number];

/** What the rules need to know about a request. */
export type VisitRequest = { readonly headers: Headers; readonly address: () => Promise<string> };

export type VisitRules = {
  /** Why a request to count a visit of the page counts none; undefined if it counts one. */
  findReason(page: string, headers: Headers): UncountedReason | undefined;
  /**
   * The same for the same visitor of the page.
   * @returns undefined where uniques are off, for an unknown address, and if the visitor objects
   */
  hashVisitor(page: string, request: VisitRequest): Promise<VisitorHash | undefined>;
};

/** Characters of a user agent in which isbot searches: its expressions have no proven bound on their time. */
const SEARCHED = 512;

/** The current header, and those of older browsers. */
const PREFETCH_HEADERS = ["sec-purpose", "purpose", "x-moz", "x-purpose"] as const;

/** Whether a browser loads a page ahead of a click. The person has not seen it yet. */
const isPrefetch = (headers: Headers): boolean =>
  PREFETCH_HEADERS.some((name) => /prefetch|preview|prerender/i.test(headers.get(name) ?? ""));

/** isbot regards a missing user agent as a person. */
function isBot(headers: Headers): boolean {
  const userAgent = headers.get("user-agent")?.trim() ?? "";
  return userAgent === "" || isbot(userAgent.slice(0, SEARCHED));
}

/** Global Privacy Control and Do Not Track: https://www.w3.org/TR/gpc/ and https://www.w3.org/TR/tracking-dnt/ */
const objects = (headers: Headers): boolean => headers.get("sec-gpc") === "1" || headers.get("dnt") === "1";

/** @param options.countBots counts clients that name themselves as programs, too */
export function createVisitRules({ countBots, uniques }: { countBots: boolean; uniques: boolean }): VisitRules {
  return {
    findReason(page, headers) {
      if (isPrefetch(headers)) return "prefetch";
      // Checks of a deployment are programs.
      return !countBots && page !== VERIFY_PAGE && isBot(headers) ? "bot" : undefined;
    },
    async hashVisitor(page, { headers, address }) {
      if (!uniques || objects(headers)) return undefined;
      const from = await address();
      if (from === UNKNOWN) return undefined;
      return createHash("sha256")
        .update(JSON.stringify([page, from, headers.get("user-agent")]))
        .digest();
    },
  };
}
