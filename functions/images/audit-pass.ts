// One pass of the audit: where it is, what it has counted, and when it stops. Pure.

/** In this order. Each is walked in pages. */
export const areas = ["records", "originals", "thumbnails"] as const;
export type Area = (typeof areas)[number];

export type Pass = {
  /**
   * `count`: the first walk over all areas, which changes nothing. `repair`: the second, which repairs what it finds again.
   * `done`: until the next pass begins.
   */
  readonly phase: "count" | "repair" | "done";
  readonly area: Area;
  /** Continuation of the area's list. */
  readonly from?: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Images seen in the first walk: records, and originals without one. */
  readonly images: number;
  /** Images whose record and blobs differ, in the first walk. */
  readonly differences: number;
  /** Of these, acknowledged images without an original, which nothing can repair. */
  readonly missing: number;
  /** Images that the second walk has found again, and at most so many. */
  readonly repaired: number;
  readonly limit: number;
  /** The last image whose blobs the page before ended with: the next page may go on with it. */
  readonly lastImage?: string | undefined;
};

export type Page = {
  /** Names read. */
  readonly names: number;
  readonly images: number;
  readonly repairable: number;
  readonly missing: number;
  readonly next: string | undefined;
  readonly lastImage?: string | undefined;
};

const MAX_REPAIRS = 20;
const MAX_SHARE = 0.05;
const DAY_MS = 24 * 60 * 60_000;
/** A list cannot go on from its marker, for example: then it begins again. */
const MAX_PASS_MS = 30 * DAY_MS;

function startPass(now: number): Pass {
  const counts = { images: 0, differences: 0, missing: 0, repaired: 0, limit: 0 };
  return { phase: "count", area: areas[0], startedAt: now, ...counts };
}

/**
 * Images that a pass may repair: 20 and 5 %, whichever is less, but one in a library of less than 20, where 5 % is none. So
 * what a crash left is repaired, and a restored table or account, which differs in many images, stops the pass.
 * @param allowed the operator's own limit, instead
 */
export function repairLimit(images: number, allowed: number | undefined): number {
  return allowed ?? Math.min(MAX_REPAIRS, Math.max(1, Math.floor(images * MAX_SHARE)));
}

/** The pass to go on with at this time; undefined while the next one is not due: one begins a day after the one before. */
export function currentPass(stored: Pass | undefined, now: number, allowed: number | undefined): Pass | undefined {
  if (!stored) return startPass(now);
  const age = now - stored.startedAt;
  // The operator has raised the limit: no need to wait for the next day.
  const isRaised = stored.differences > stored.limit && allowed !== undefined && stored.differences <= allowed;
  if (stored.phase === "done") return age >= DAY_MS || isRaised ? startPass(now) : undefined;
  return age >= MAX_PASS_MS ? startPass(now) : stored;
}

/** The pass after one more page. A difference that ends it is not repaired: `differences` or `repaired` exceed `limit`. */
export function advance(pass: Pass, page: Page, allowed: number | undefined): Pass {
  const found = page.repairable + page.missing;
  const next =
    pass.phase === "repair"
      ? { ...pass, repaired: pass.repaired + page.repairable }
      : {
          ...pass,
          images: pass.images + page.images,
          differences: pass.differences + found,
          missing: pass.missing + page.missing,
          // With the images so far; more of them raise it up to the largest.
          limit: allowed ?? MAX_REPAIRS,
        };
  if (isStopped(next)) return { ...next, phase: "done" };
  const moved = { ...next, from: page.next, lastImage: page.lastImage };
  if (page.next !== undefined) return moved;
  const area = areas[areas.indexOf(pass.area) + 1];
  if (area) return { ...moved, area, lastImage: undefined };
  if (pass.phase === "repair") return { ...moved, phase: "done" };
  const counted = { ...moved, limit: repairLimit(next.images, allowed), lastImage: undefined };
  const isNothingToRepair = counted.differences === counted.missing;
  return { ...counted, area: areas[0], phase: isStopped(counted) || isNothingToRepair ? "done" : "repair" };
}

/** Whether more differs than a pass may repair. */
export const isStopped = ({ differences, repaired, limit }: Pass): boolean => Math.max(differences, repaired) > limit;
