// The fields of an image that its owner writes: description, alternative text and tags. Pure.
import { z } from "zod";

const MAX_TAGS = 20;
const MAX_TAG = 50;

/** A tag as it is stored: NFC, in lower case, without spaces around it. */
export const tag = z
  .string()
  .normalize("NFC")
  .toLowerCase()
  // Lower case can decompose: İ becomes i and a combining dot.
  .normalize("NFC")
  .trim()
  .min(1, "must not be empty")
  .max(MAX_TAG);

export const tags = z
  .array(tag)
  .max(MAX_TAGS)
  .transform((list) => [...new Set(list)]);

export const description = z.string().normalize("NFC").trim().max(2_000);
export const alt = z.string().normalize("NFC").trim().max(500);

const alternative = "Alternative text for people who do not see the image. Empty for a decorative image.";

export const shownDescription = z
  .string()
  .meta({ description: "For the owner; of a public image the gallery shows it to everyone." });
export const shownAlt = z.string().meta({ description: alternative });
export const shownTags = z.array(z.string()).readonly().meta({ description: "In lower case, without repetitions." });
