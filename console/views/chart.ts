// Draws a history with uPlot: bars for visits, and before them bars for uniques, which are never more.
import uPlot from "uplot";
import { formatNumber } from "../format.ts";
import type { Period } from "./periods.ts";

const HEIGHT = 260;
const DAY_S = 86_400;

/** A colour of the style sheet, as the canvas needs it. */
function colourOf(name: string, element: Element): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const bars = uPlot.paths.bars?.({ size: [0.72, 42], radius: 0.12 });
const value = (_: uPlot, raw: number | null) => (raw === null ? "–" : formatNumber(raw));

function optionsOf(box: HTMLElement, periods: readonly Period[]): uPlot.Options {
  const [accent, bar, muted, line] = ["--accent", "--bar", "--muted", "--line"].map((name) => colourOf(name, box));
  // The first and the last bar are as wide as the others.
  const [first = 0, second = first + DAY_S] = periods.map(({ at }) => at);
  const half = (second - first) / 2;
  const days = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
  const series = { points: { show: false }, width: 0, ...(bars && { paths: bars }), value };
  const label = (at: number) => periods.find((period) => period.at === at)?.label ?? "";
  const grid = { stroke: line as string, width: 1 };
  const font = `12px ${getComputedStyle(box).fontFamily}`;
  const axis = { stroke: muted as string, font, ticks: { show: false } };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    scales: {
      x: { range: (_, min, max) => [min - half, max + half] },
      y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 34,
        space: 70,
        values: (_, splits) => splits.map((at) => days.format(at * 1000)),
      },
      {
        ...axis,
        grid,
        size: 52,
        values: (_, splits) => splits.map((split) => (Number.isInteger(split) ? formatNumber(split) : "")),
      },
    ],
    series: [
      { label: "Period", value: (_, at) => (at === null ? "–" : label(at)) },
      { ...series, label: "Visits", fill: bar as string, stroke: bar as string },
      { ...series, label: "Uniques", fill: accent as string, stroke: accent as string },
    ],
    cursor: { y: false, points: { show: false } },
  };
}

/** @returns a function that removes the chart */
export function drawChart(box: HTMLElement, periods: readonly Period[]): () => void {
  const hasUniques = periods.some(({ uniques }) => uniques !== null);
  const data: uPlot.AlignedData = [
    periods.map(({ at }) => at),
    periods.map(({ visits }) => visits),
    periods.map(({ uniques }) => uniques),
  ];
  let chart: uPlot | undefined;
  const draw = () => {
    chart?.destroy();
    chart = new uPlot(optionsOf(box, periods), data, box);
    if (!hasUniques) chart.setSeries(2, { show: false });
  };
  draw();
  const resize = new ResizeObserver(() => chart?.setSize({ width: box.clientWidth, height: HEIGHT }));
  resize.observe(box);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", draw);
  return () => {
    resize.disconnect();
    scheme.removeEventListener("change", draw);
    chart?.destroy();
  };
}
