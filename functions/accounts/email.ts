// E-mail addresses of users: their form, and the spelling under which they are stored and found.
import { z } from "zod";

/** RFC 5321, 4.5.3.1.3: 256 characters with the angle brackets. */
const MAX_CHARACTERS = 254;

/** ASCII in any case; a host without a dot is valid, as in browsers. */
export const emailSchema = z
  .email({ pattern: z.regexes.html5Email, error: "must be an e-mail address" })
  .max(MAX_CHARACTERS)
  .toLowerCase();

/** For a search: an address that is no valid one finds nobody. */
export const normalizeEmail = (text: string): string => text.toLowerCase();
