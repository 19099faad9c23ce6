// Draws a badge as SVG: badge-maker draws the badge of shields.io, and the sparkline is our own.
import type { BadgeContent } from "./badge-content.ts";
import { type BadgeStyle, hexOf } from "./badge-options.ts";
import { sparkline } from "./sparkline.ts";

/** Pixels. */
const SPARKLINE_WIDTH = 64;
const GAP = 4;

const START =
  /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="([\d.]+)" height="([\d.]+)" role="img" aria-label="[^"<>]*"><title>([^<>]*)<\/title>/;

/** Widens a badge by a line of daily numbers. Only numbers and a colour of our own get into the markup. */
function withSparkline(svg: string, daily: readonly number[], colour: string): string {
  const [start, badgeWidth, badgeHeight, title] = START.exec(svg) ?? [];
  if (start === undefined) throw new Error(`badge-maker begins its SVG in another way: ${svg.slice(0, 200)}`);
  const [left, height] = [Number(badgeWidth) + GAP, Number(badgeHeight)];
  const { line, area } = sparkline(daily, { width: SPARKLINE_WIDTH, height });
  // The title is badge-maker's own, with its escapes.
  const name = `${title}. The last ${daily.length} days: ${Math.min(...daily)} to ${Math.max(...daily)} a day`;
  const drawing =
    `<path d="${area}" fill="${colour}" fill-opacity=".2"/>` +
    `<path d="${line}" fill="none" stroke="${colour}" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"/>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + SPARKLINE_WIDTH}" height="${height}" role="img" aria-label="${name}">` +
    `<title>${name}</title>${svg.slice(start.length, -"</svg>".length)}<g transform="translate(${left})">${drawing}</g></svg>`
  );
}

/** @param daily numbers of the last days, the oldest first; none for a badge without a sparkline */
export async function drawBadge(
  { label, message, color, labelColor }: BadgeContent,
  { style, daily = [] }: { readonly style: BadgeStyle; readonly daily?: readonly number[] },
): Promise<string> {
  // Loaded at the first badge: its tables of character widths have 900 kB, and counting a visit must not wait for them.
  const { makeBadge } = await import("badge-maker");
  const colour = hexOf(color);
  const svg = makeBadge({
    label,
    message,
    style,
    color: colour,
    ...(labelColor !== undefined && { labelColor: hexOf(labelColor) }),
  });
  return daily.length > 0 ? withSparkline(svg, daily, colour) : svg;
}
