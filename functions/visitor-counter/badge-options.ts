// What a badge may be: its style, label and colours, from the query of its URL.
import { z } from "zod";

export const styles = ["flat", "flat-square", "plastic", "for-the-badge", "social"] as const;

/** The names that shields.io uses, and what they mean there. */
const COLOURS = {
  brightgreen: "#4b0",
  green: "#67ac09",
  yellowgreen: "#95991a",
  yellow: "#d8b800",
  orange: "#ea7233",
  red: "#dd4343",
  blue: "#007ec6",
  grey: "#555",
  lightgrey: "#939393",
} as const;
const NAMES = Object.keys(COLOURS).join(", ");

const isColour = (value: string) => Object.hasOwn(COLOURS, value) || /^(?:[\da-f]{3}){1,2}$/i.test(value);

/** #rgb or #rrggbb of a valid colour. */
export const hexOf = (colour: string): string =>
  Object.hasOwn(COLOURS, colour) ? COLOURS[colour as keyof typeof COLOURS] : `#${colour.toLowerCase()}`;

const colour = z
  .string()
  .refine(isColour, `must be one of ${NAMES}, or 3 or 6 hex digits without a number sign`)
  .optional();

const MAX_LABEL = 64;
/** Characters that XML forbids or that move other text: controls, line ends, directions, halves of a pair, non-characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}]/u;

/** `?unique` alone is true. */
export const flag = z
  .enum(["", "true", "false"], "must be true or false")
  .optional()
  .transform((value) => value === "" || value === "true");

export const badgeQuery = z.strictObject({
  style: z.enum(styles).default("flat").meta({ description: "As on shields.io." }),
  label: z
    .string()
    .refine((text) => [...text].length <= MAX_LABEL, `must have at most ${MAX_LABEL} characters`)
    .refine((text) => !UNPRINTABLE.test(text), "must have no control characters")
    .optional()
    .meta({
      description: `Text on the left, at most ${MAX_LABEL} characters; empty for none, except in the style social. The default says what is counted.`,
    }),
  color: colour.meta({ description: `Colour of the number: ${NAMES}, or 3 or 6 hex digits. The default is blue.` }),
  labelColor: colour.meta({ description: "Colour of the label, likewise. The default is grey." }),
  unique: flag.meta({ description: "Shows the unique visitors of the current day instead of all visits." }),
});

export type BadgeOptions = z.output<typeof badgeQuery>;
export type BadgeStyle = BadgeOptions["style"];
