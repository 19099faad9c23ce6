// bench variants: nine variants of a photo on one core, against encodes that each decode the original themselves.
import { startChild } from "../child.ts";
import { imageFile } from "../images.ts";
import { alternateRounds } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { median, sum } from "../statistics.ts";
import type { VariantsRequest, VariantsResult } from "./variants-child.ts";

const PHOTO = { width: 4_000, height: 3_000 };
/** 50 megapixels, the most that is accepted. */
const LARGEST = { width: 8_000, height: 6_250 };
const ROUNDS = 5;
const MAX_RATIO = 1.3;
const MAX_PEAK_MIB = 200;

const start = () => startChild<VariantsRequest, VariantsResult>(new URL("variants-child.ts", import.meta.url));

/** Peak of a fresh process that renders the largest baseline JPEG. */
async function measurePeak(root: string): Promise<number> {
  const { file } = await imageFile(root, LARGEST);
  const { call, end } = start();
  const { peak } = await call({ file, way: "app" }).finally(end);
  return peak;
}

/** Both ways in turns; the ratio is of one round, and the median of all rounds counts. */
async function measureTimes(file: string) {
  const { call, end } = start();
  try {
    const ways = ["app", "naive"] as const;
    // Warms up libvips.
    for (const way of ways) await call({ file, way });
    const results = await alternateRounds(ways, ROUNDS, (way) => call({ file, way }));
    const [app, naive] = ways.map((way) => results.get(way) ?? []) as [VariantsResult[], VariantsResult[]];
    const slowest = naive.map(({ each }) =>
      sum(
        each
          .map(({ ms }) => ms)
          .toSorted((a, b) => b - a)
          .slice(0, 3),
      ),
    );
    const variants = (naive[0]?.each ?? []).map(({ name }, index) => ({
      name,
      bytes: app[0]?.sizes.find((size) => size.name === name)?.bytes ?? Number.NaN,
      ms: median(naive.map(({ each }) => each[index]?.ms ?? Number.NaN)),
    }));
    return {
      appMs: median(app.map(({ ms }) => ms)),
      naiveMs: median(naive.map(({ ms }) => ms)),
      slowestMs: median(slowest),
      ratio: median(app.map(({ ms }, round) => ms / (slowest[round] ?? Number.NaN))),
      variants,
    };
  } finally {
    await end();
  }
}

/** @param root of the sources */
export async function benchVariants(root: string): Promise<{ figures: object; isCorrect: boolean }> {
  const { file } = await imageFile(root, PHOTO);
  const times = await measureTimes(file);
  const peak = await measurePeak(root);
  printLine("A JPEG of 12 megapixels, from bytes to bytes on one core. Milliseconds: a variant with its own decode.\n");
  printTable(times.variants, {
    variant: ({ name }) => name,
    bytes: ({ bytes }) => number(bytes),
    ms: ({ ms }) => number(ms),
  });
  printLine();
  printLine(`All nine: ${number(times.appMs)} ms; each with its own decode ${number(times.naiveMs)} ms.`);
  printTarget(
    `nine variants take at most ${MAX_RATIO} times the three slowest with their decodes (${number(times.slowestMs)} ms): ${number(times.ratio, 2)}`,
    times.ratio <= MAX_RATIO,
  );
  printTarget(
    `a baseline JPEG of 50 megapixels takes less than ${MAX_PEAK_MIB} MiB: ${number(peak)}`,
    peak < MAX_PEAK_MIB,
  );
  return { figures: { ...times, peak }, isCorrect: times.variants.every(({ bytes }) => bytes > 0) };
}
