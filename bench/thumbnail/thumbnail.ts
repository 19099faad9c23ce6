// bench thumbnail: how long a thumbnail takes and how much memory, against jimp, Pillow and vipsthumbnail.
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { THUMBNAIL_EDGE } from "../../functions/thumbnail/render.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { measurePicture, type Running, type Timing } from "./measure.ts";
import { makePictures, type Picture } from "./pictures.ts";
import { findWays, type WayName } from "./ways.ts";

const SIZES = [
  { width: 1152, height: 864, rounds: 15 },
  { width: 4000, height: 3000, rounds: 9 },
  { width: 8000, height: 6000, rounds: 5 },
];
const TIMES_JIMP = 20;

type Row = { readonly picture: Picture; readonly timings: readonly Timing[] };

const megapixels = ({ width, height }: Picture) => `${number((width * height) / 1e6)} MP`;

/** @param root of the sources */
export async function benchThumbnail(root: string): Promise<{ figures: object; isCorrect: boolean }> {
  const pictures = await makePictures(join(root, ".local", "bench-pictures"), SIZES);
  const ways = Object.entries(await findWays()) as [WayName, Awaited<ReturnType<typeof findWays>>[WayName]][];
  for (const [, { name, runs }] of ways)
    printLine(`${name.padEnd(15)}${runs ?? "is not on this machine and not compared"}`);
  printLine(
    "\nVitae is functions/thumbnail/render.ts as the source has it: the bundle does not export it. Libraries run in warm",
  );
  printLine(
    "processes, from bytes to bytes; jimp writes JPEG, as it has no WebP. vipsthumbnail is a process for each picture:",
  );
  printLine("alone is less what `vipsthumbnail --version` takes; it has two threads, Vitae has sharp's default.");
  printLine("Medians of alternating rounds, peak: most memory of a fresh process that makes this one thumbnail.\n");

  const dir = await mkdtemp(join(tmpdir(), "vitae-bench-"));
  const running: Running[] = ways
    .filter(([, { runs }]) => runs)
    .map(([id, way]) => ({ id, way, contender: way.start() }));
  const rows: Row[] = [];
  try {
    for (const picture of pictures) {
      const rounds = SIZES.find(({ width }) => width === picture.width)?.rounds ?? 1;
      rows.push({ picture, timings: await measurePicture(picture, { running, rounds, dir }) });
    }
  } finally {
    await Promise.all(running.map(({ contender }) => contender.end()));
    await rm(dir, { recursive: true });
  }
  await print(rows);
  printLine();
  return {
    figures: { ways: Object.fromEntries(ways.map(([id, { runs }]) => [id, runs ?? null])), rows },
    isCorrect: judge(rows),
  };
}

async function print(rows: readonly Row[]): Promise<void> {
  const cells = await Promise.all(
    rows.map(async ({ picture, timings }) => {
      const { size } = await stat(picture.file);
      const vitae = timings.find(({ id }) => id === "vitae");
      return timings.map((timing) => ({ picture, size, timing, ofVitae: timing.alone / (vitae?.alone ?? Number.NaN) }));
    }),
  );
  printTable(cells.flat(), {
    image: ({ picture }) => `${megapixels(picture)} ${picture.format}`,
    MiB: ({ size }) => number(size / 2 ** 20, 1),
    way: ({ timing }) => timing.name,
    ms: ({ timing }) => number(timing.ms, 1),
    "alone ms": ({ timing }) => number(timing.alone, 1),
    "min ms": ({ timing }) => number(timing.fastest, 1),
    "of Vitae": ({ ofVitae }) => number(ofVitae, 2),
    rounds: ({ timing }) => number(timing.rounds),
    "peak MiB": ({ timing }) => (timing.peak === null ? "-" : number(timing.peak)),
    size: ({ timing }) => `${timing.width}x${timing.height}`,
    KiB: ({ timing }) => number(timing.bytes / 1024, 1),
  });
}

/** @returns whether every thumbnail has the right size: times are no matter of right and wrong */
function judge(rows: readonly Row[]): boolean {
  for (const format of ["JPEG", "PNG"] as const) {
    const ratios = (id: WayName) =>
      rows
        .filter(({ picture }) => picture.format === format)
        .flatMap(({ timings }) => {
          const [mine, other] = ["vitae", id].map((wanted) => timings.find((timing) => timing.id === wanted)?.alone);
          return mine && other ? [other / mine] : [];
        });
    const list = (values: readonly number[], digits: number) => values.map((value) => number(value, digits)).join(", ");
    const jimp = ratios("jimp");
    printTarget(
      `${format}: at least ${TIMES_JIMP} times jimp: ${list(jimp, 1)} times`,
      jimp.every((ratio) => ratio >= TIMES_JIMP),
    );
    const vips = ratios("vipsthumbnail");
    if (vips.length === 0) printLine(`not compared ${format}: no slower than vipsthumbnail: install libvips-tools`);
    else
      printTarget(
        `${format}: no slower than vipsthumbnail without its start: it takes ${list(vips, 2)} times as long`,
        vips.every((ratio) => ratio >= 1),
      );
  }
  const made = rows.flatMap(({ timings }) => timings);
  return printTarget(
    `every thumbnail has ${THUMBNAIL_EDGE} pixels on its long edge`,
    made.every(({ width, height }) => Math.max(width, height) === THUMBNAIL_EDGE),
  );
}
