// The rule of refresh rotation: what a presented token may do to its family of tokens. Pure. docs/decisions/028.
import type { StoreTime } from "../lib/store-clock.ts";
import { formatRefreshToken, hashOf, isGenuine, isSameHash, type RefreshToken, successorOf } from "./refresh-token.ts";

/** A secret that was replaced; its successor follows from the secret and the salt. */
type Retired = {
  readonly hash: Buffer;
  readonly salt: Buffer;
  /** Milliseconds since 1970. */
  readonly at: number;
};

/** One sign-in and all refresh tokens that follow from it. Times are milliseconds since 1970 by the store's clock. */
export type Family = {
  readonly userId: string;
  readonly familyId: string;
  /** 32 bytes, for the tags of its tokens. */
  readonly key: Buffer;
  /** SHA-256 of the current secret. */
  readonly current: Buffer;
  /** Oldest first, at most `MAX_RETIRED`. */
  readonly retired: readonly Retired[];
  readonly createdAt: number;
  readonly usedAt: number;
  /** Name of browser and system. */
  readonly client: string;
  readonly isRevoked: boolean;
};

export const MAX_RETIRED = 8;
/** How long after its replacement a token may be presented again, as a client does whose response was lost. */
export const RETRY_WINDOW_MS = 10_000;
/** The store's Date header has whole seconds, so a clock may be a second late when it records or judges an age. */
const CLOCK_ERROR_MS = 1_000;
const DAY_MS = 24 * 60 * 60_000;
export const IDLE_MS = 30 * DAY_MS;
export const LIFETIME_MS = 180 * DAY_MS;

/** When the family expires, in milliseconds since 1970. */
export const endOf = ({ createdAt, usedAt }: Pick<Family, "createdAt" | "usedAt">): number =>
  Math.min(usedAt + IDLE_MS, createdAt + LIFETIME_MS);

export type Decision =
  /** Rejected without any effect. */
  | { readonly kind: "invalid" }
  /** `family` replaces the row, then `token` is the response. */
  | { readonly kind: "rotate"; readonly family: Family; readonly token: string }
  /** `token` is the response, and nothing is written. */
  | { readonly kind: "repeat"; readonly token: string }
  /** Two parties have the tokens: `family` replaces the row, then the token is rejected. */
  | { readonly kind: "reuse"; readonly family: Family };

/**
 * @param now `earliest` is when the request arrived, since the time that the store takes must not make a retry late
 * @param salt 32 random bytes, used once
 */
export function decide(family: Family, token: RefreshToken, { now, salt }: { now: StoreTime; salt: Buffer }): Decision {
  const { userId, familyId, key, isRevoked } = family;
  // A family must not live too long, so the latest possible time decides when it ends.
  if (isRevoked || now.latest >= endOf(family) || !isGenuine(token, key)) return { kind: "invalid" };

  // A retry of a genuine client must not count as reuse, so the earliest possible time decides ages. All entries from the
  // first recent one on are kept, whatever times their writers recorded: a chain must have no gaps.
  const isRecent = ({ at }: Retired) => now.earliest - at <= RETRY_WINDOW_MS + CLOCK_ERROR_MS;
  const first = family.retired.findIndex(isRecent);
  const recent = first < 0 ? [] : family.retired.slice(first);
  const tokenOf = (secret: Buffer) => formatRefreshToken(key, { userId, familyId, secret });

  const hash = hashOf(token.secret);
  if (isSameHash(hash, family.current)) {
    if (recent.length >= MAX_RETIRED) return { kind: "repeat", token: tokenOf(token.secret) };
    const successor = successorOf(token.secret, salt, familyId);
    const retired = [...recent, { hash, salt, at: now.latest }];
    const next = { ...family, current: hashOf(successor), retired, usedAt: Math.max(family.usedAt, now.latest) };
    return { kind: "rotate", family: next, token: tokenOf(successor) };
  }
  const place = recent.findIndex((entry) => isSameHash(hash, entry.hash));
  if (place < 0) return { kind: "reuse", family: { ...family, retired: [], isRevoked: true } };
  const current = recent
    .slice(place)
    .reduce((secret, entry) => successorOf(secret, entry.salt, familyId), token.secret);
  return { kind: "repeat", token: tokenOf(current) };
}
