// bench variants: nine variants of a photo on one core, against encodes that each decode the original themselves, and
// against other programs.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { formatsFor } from "../../functions/thumbnail/plan.ts";
import { imageFile } from "../images.ts";
import { alternateRounds } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { median, sum } from "../statistics.ts";
import { type Contender, inChild, startContenders } from "./contenders.ts";
import { contentType, widths } from "./nine.ts";
import type { VariantsResult } from "./variants-child.ts";

const PHOTO = { width: 4_000, height: 3_000 };
/** 50 megapixels, the most that is accepted. */
const LARGEST = { width: 8_000, height: 6_250 };
const ROUNDS = 5;
const MAX_RATIO = 1.3;
const MAX_PEAK_MIB = 200;

type Figures = {
  readonly name: string;
  readonly ms: number;
  /** Time as a multiple of Vitae's in the same round. */
  readonly ratio: number;
  /** MiB of a fresh process with one photo. */
  readonly peak: number;
  /** Bytes of all variants. */
  readonly bytes: number;
  readonly variants: number;
};

/** Peak of a fresh process that renders the largest baseline JPEG. */
async function measurePeak(root: string): Promise<number> {
  const { file } = await imageFile(root, LARGEST);
  const vitae = inChild("Vitae", "app");
  const { peak } = await vitae.render(file).finally(vitae.end);
  return peak;
}

const slowestOf = ({ each }: VariantsResult) =>
  sum(
    each
      .map(({ ms }) => ms)
      .toSorted((a, b) => b - a)
      .slice(0, 3),
  );

/** All in turns; a ratio is of one round, and the median of all rounds counts. */
async function measureTimes(file: string, contenders: readonly Contender[]) {
  // Warms up libvips.
  for (const { render } of contenders) await render(file);
  const results = await alternateRounds(contenders, ROUNDS, ({ render }) => render(file));
  const [app, naive] = contenders.map((contender) => results.get(contender) ?? []) as [
    VariantsResult[],
    VariantsResult[],
  ];
  const figures: Figures[] = [];
  for (const [{ name, renderOnce }, rounds] of results) {
    const { peak, sizes } = await renderOnce(file);
    figures.push({
      name,
      ms: median(rounds.map(({ ms }) => ms)),
      ratio: median(rounds.map(({ ms }, round) => ms / (app[round]?.ms ?? Number.NaN))),
      peak,
      bytes: sum(sizes.map(({ bytes }) => bytes)),
      variants: sizes.filter(({ bytes }) => bytes > 0).length,
    });
  }
  return {
    contenders: figures,
    slowestMs: median(naive.map(slowestOf)),
    ratio: median(app.map(({ ms }, round) => ms / slowestOf(naive[round] as VariantsResult))),
    variants: (naive[0]?.each ?? []).map(({ name }, index) => ({
      name,
      bytes: app[0]?.sizes.find((size) => size.name === name)?.bytes ?? Number.NaN,
      ms: median(naive.map(({ each }) => each[index]?.ms ?? Number.NaN)),
    })),
  };
}

/** @param root of the sources */
export async function benchVariants(root: string): Promise<{ figures: object; isCorrect: boolean }> {
  const { file } = await imageFile(root, PHOTO);
  const dir = join(root, ".local", "bench-peers");
  await mkdir(dir, { recursive: true });
  const contenders = await startContenders(dir);
  const times = await measureTimes(file, contenders).finally(() => Promise.all(contenders.map(({ end }) => end())));
  const peak = await measurePeak(root);
  printLine("A JPEG of 12 megapixels, from bytes to bytes on one core. Milliseconds: a variant with its own decode.\n");
  printTable(times.variants, {
    variant: ({ name }) => name,
    bytes: ({ bytes }) => number(bytes),
    ms: ({ ms }) => number(ms),
  });
  printLine("\nAll nine. The start of vipsthumbnail is subtracted. Peak: a fresh process with one photo.\n");
  printTable(times.contenders, {
    contender: ({ name }) => name,
    ms: ({ ms }) => number(ms),
    "of Vitae": ({ ratio }) => number(ratio, 2),
    "peak MiB": (row) => number(row.peak),
    KiB: ({ bytes }) => number(bytes / 1024),
  });
  printLine();
  printTarget(
    `nine variants take at most ${MAX_RATIO} times the three slowest with their decodes (${number(times.slowestMs)} ms): ${number(times.ratio, 2)}`,
    times.ratio <= MAX_RATIO,
  );
  printTarget(
    `a baseline JPEG of 50 megapixels takes less than ${MAX_PEAK_MIB} MiB: ${number(peak)}`,
    peak < MAX_PEAK_MIB,
  );
  const isComplete = printTarget(
    "everyone created all variants",
    times.contenders.every(({ variants }) => variants === widths.length * formatsFor(contentType).length),
  );
  return { figures: { ...times, peak }, isCorrect: isComplete };
}
