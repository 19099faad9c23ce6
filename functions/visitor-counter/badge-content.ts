// What a badge says: label, message and colours, for the numbers of a page or the reason why there are none. Pure.
import type { BadgeOptions } from "./badge-options.ts";

/** `uniqueToday` is absent where unique visitors are not counted. */
export type BadgeNumbers = { readonly count: number; readonly uniqueToday?: number | undefined };
/** Why a badge shows no number. */
export type NoNumbers = "page not found" | "unavailable";

export type BadgeContent = {
  /** Empty for none. */
  readonly label: string;
  readonly message: string;
  /** A name or hex digits. */
  readonly color: string;
  readonly labelColor?: string | undefined;
  readonly isError?: true;
};

/** Exact, unlike the 1.2k of shields.io: that is what this counter is for. */
const format = new Intl.NumberFormat("en-US");

export function badgeContent(
  { label, color = "blue", labelColor, style, unique }: BadgeOptions,
  numbers: BadgeNumbers | NoNumbers,
): BadgeContent {
  const usual = unique ? "visitors today" : "visits";
  const given = label?.trim() ?? usual;
  // Without a label this style would begin with an empty box.
  const shown = { label: style === "social" ? given || usual : given, labelColor };
  if (typeof numbers === "string") {
    const color = numbers === "unavailable" ? "lightgrey" : "red";
    return { ...shown, message: numbers, color, isError: true };
  }
  const number = unique ? numbers.uniqueToday : numbers.count;
  return { ...shown, message: number === undefined ? "not counted" : format.format(number), color };
}
