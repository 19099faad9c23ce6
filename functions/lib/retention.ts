// How long images are kept: by the owner's tier, and until when. Pure.
import type { Retention } from "./image.ts";
import { retentions } from "./names.ts";

/** Of users: how long their images are kept. */
export const tiers = ["free", "basic", "pro", "enterprise"] as const;
export type Tier = (typeof tiers)[number];

const DAY_MS = 24 * 60 * 60_000;

const ofTier: Record<Tier, Retention> = { free: "90", basic: "180", pro: "365", enterprise: "keep" };

/** Callers of Entra ID have no account, so no tier. */
export const retentionOfTier = (tier: Tier | undefined): Retention => (tier === undefined ? "keep" : ofTier[tier]);

export const isLonger = (one: Retention, other: Retention): boolean =>
  retentions.indexOf(one) > retentions.indexOf(other);

/** When the retention of an image ends, ISO 8601; undefined for keep. */
export function expiryOf(createdAt: string, retention: Retention): string | undefined {
  return retention === "keep" ? undefined : new Date(Date.parse(createdAt) + Number(retention) * DAY_MS).toISOString();
}
