// What a link may do and for how long. Pure, and the only place where a permission letter is written.
import { z } from "zod";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds that a link may last: a delegation key lives at most seven days, and a link dies with its key. */
export const linkSeconds = z
  .int("must be a whole number of seconds")
  .min(MINUTE, `must be at least ${MINUTE} (a minute)`)
  .max(6 * DAY, `must be at most ${6 * DAY} (six days)`)
  .default(HOUR);

/** Servers' clocks differ: a link is valid from a little before now. */
const SKEW_MS = 5 * MINUTE * 1000;

/** A read link opens one blob and can do nothing else. Letters: https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas */
export const READ = "r";

/** Milliseconds since 1970. */
export type Span = { readonly startsAt: number; readonly expiresAt: number };

/**
 * When a link is valid.
 * @param seconds how long it lasts from now
 * @param key when the key that signs it is valid: a link never starts before its key
 */
export function linkSpan(seconds: number, { now, key }: { now: number; key: Span }): Span {
  return { startsAt: Math.max(now - SKEW_MS, key.startsAt), expiresAt: now + seconds * 1000 };
}

const KEY_LIFE_MS = 7 * DAY * 1000 - HOUR * 1000;
const KEY_EARLY_MS = 15 * MINUTE * 1000;
/** A link ends at least this long before its key. */
const KEY_MARGIN_MS = 5 * MINUTE * 1000;

/** When a new key should be valid: asked for now, it lives six days and 23 hours. */
export function keySpan(now: number): Span {
  return { startsAt: now - KEY_EARLY_MS, expiresAt: now + KEY_LIFE_MS };
}

/** Whether a key may sign a link that ends then. */
export function keyCovers(key: Span, linkExpiresAt: number): boolean {
  return linkExpiresAt <= key.expiresAt - KEY_MARGIN_MS;
}

/** Whether a key should be replaced: the longest permitted link would outlive it. About daily. */
export function keyIsAging(key: Span, now: number): boolean {
  return !keyCovers(key, now + 6 * DAY * 1000);
}
