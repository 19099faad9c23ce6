// What a link permits and for how long. Pure, and the only place where a permission letter is written.
import { z } from "zod";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A link expires with its key, and a user-delegation key lives at most seven days. */
const MAX_SECONDS = 6 * DAY;
export const MAX_LINK_MS = MAX_SECONDS * 1000;

/** How long a link is valid, in seconds. */
export const linkSeconds = z
  .int("must be a whole number of seconds")
  .min(MINUTE, `must be at least ${MINUTE} (a minute)`)
  .max(MAX_SECONDS, `must be at most ${MAX_SECONDS} (six days)`)
  .default(HOUR);

/** Tolerates server clocks that differ: a link is valid from shortly before now. */
const START_SKEW_MS = 5 * MINUTE * 1000;

/** Read one blob, nothing else. Letters: https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas */
export const READ = "r";

/** When a link expires. A signature has whole seconds: rounded up, a link lasts at least as long as requested. */
export function linkExpiry(now: number, seconds: number): number {
  return Math.ceil(now / 1000) * 1000 + seconds * 1000;
}

/** When a link starts: never before the key that signs it. All times in milliseconds since 1970. */
export function linkStart(now: number, keyStartsAt: number): number {
  return Math.max(Math.ceil(now / 1000) * 1000 - START_SKEW_MS, keyStartsAt);
}
