// What a link permits and for how long. Pure, and the only place where a permission letter is written.
import { MAX_LINK_SECONDS, linkSeconds as seconds } from "../lib/link-seconds.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A stable link is valid for up to one window longer than requested, and a window has at least a minute. */
export const MAX_STABLE_SECONDS = MAX_LINK_SECONDS - MINUTE;

/** How long a link is valid, in seconds. */
export const linkSeconds = seconds.default(HOUR);

/** Tolerates server clocks that differ: a link is valid from shortly before now. */
const START_SKEW_MS = 5 * MINUTE * 1000;

/** Read one blob, nothing else. Letters: https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas */
export const READ = "r";

/** Create one blob: an existing one cannot be overwritten, and nothing can be read. */
export const CREATE = "c";
/** How long an upload link is valid, in seconds. */
export const UPLOAD_SECONDS = 10 * MINUTE;

/** Milliseconds since 1970. */
export type LinkTimes = {
  readonly startsAt: number;
  readonly expiresAt: number;
  /** Start of the window of a stable link. */
  readonly windowStart?: number;
};

/** When a link starts and expires. A signature has whole seconds: rounded up, a link lasts at least as long as requested. */
export function linkTimes(now: number, seconds: number): LinkTimes {
  const at = Math.ceil(now / 1000) * 1000;
  return { startsAt: at - START_SKEW_MS, expiresAt: at + seconds * 1000 };
}

/** Each divides a UTC day, so that a window has one key. */
const WINDOWS = [DAY, HOUR, 10 * MINUTE, MINUTE];

/**
 * The times of a stable link: the same for all instances during a window of UTC time. The window is the longest that is
 * no longer than the duration, and that keeps the link within six days. So the link lasts at least as long as requested,
 * and at most twice as long.
 * @param seconds at most MAX_STABLE_SECONDS
 */
export function stableLinkTimes(now: number, seconds: number): LinkTimes {
  const fits = (window: number) => window <= seconds && seconds + window <= MAX_LINK_SECONDS;
  const windowMs = (WINDOWS.find(fits) ?? MINUTE) * 1000;
  const windowStart = Math.floor(now / windowMs) * windowMs;
  return { startsAt: windowStart - START_SKEW_MS, expiresAt: windowStart + windowMs + seconds * 1000, windowStart };
}
