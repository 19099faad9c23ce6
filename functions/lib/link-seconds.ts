// How long a link may last, for every operation that creates links.
import { z } from "zod";

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
/** Seconds. A link expires with its key, and a user-delegation key lives at most seven days. */
export const MAX_LINK_SECONDS = 6 * DAY;

export const linkSeconds = z
  .int("must be a whole number of seconds")
  .min(MINUTE, `must be at least ${MINUTE} (a minute)`)
  .max(MAX_LINK_SECONDS, `must be at most ${MAX_LINK_SECONDS} (six days)`);
