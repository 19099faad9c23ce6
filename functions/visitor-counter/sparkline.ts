// A line of daily numbers as an SVG path. Pure.

/** Space above and below for the width of the line. */
const MARGIN = 2;

type Size = { readonly width: number; readonly height: number };

const round = (value: number): number => Math.round(value * 100) / 100;

/** @returns the data of two paths: the line, and the area below it */
export function sparkline(values: readonly number[], { width, height }: Size): { line: string; area: string } {
  const highest = Math.max(1, ...values);
  const step = (width - 2 * MARGIN) / Math.max(1, values.length - 1);
  const [top, bottom] = [MARGIN, height - MARGIN];
  const points = values.map(
    (value, index) => `${round(MARGIN + index * step)} ${round(bottom - (value / highest) * (bottom - top))}`,
  );
  const line = `M${points.join("L")}`;
  return { line, area: `${line}V${bottom}H${MARGIN}Z` };
}
