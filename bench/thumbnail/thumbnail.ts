// bench thumbnail: how long a thumbnail takes and how much memory, against jimp, Pillow and vipsthumbnail.
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { THUMBNAIL_EDGE } from "../../functions/thumbnail/render.ts";
import { number, printTable, printTarget, say } from "../print.ts";
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
export async function benchThumbnail(root: string): Promise<{ figures: object; sound: boolean }> {
  const pictures = await makePictures(join(root, ".local", "bench-pictures"), SIZES);
  const ways = Object.entries(await findWays()) as [WayName, Awaited<ReturnType<typeof findWays>>[WayName]][];
  for (const [, { name, runs }] of ways) say(`${name.padEnd(15)}${runs ?? "is not on this machine and not compared"}`);
  say(
    "\nVitae is functions/thumbnail/render.ts as the source has it: the bundle does not export it. Libraries run in warm",
  );
  say(
    "processes, from bytes to bytes; jimp writes JPEG, as it has no WebP. vipsthumbnail is a process for each picture:",
  );
  say("alone is less what `vipsthumbnail --version` takes; it has two threads, Vitae has sharp's default.");
  say("Medians of alternating rounds, peak: most memory of a fresh process that makes this one thumbnail.\n");

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
  say();
  return {
    figures: { ways: Object.fromEntries(ways.map(([id, { runs }]) => [id, runs ?? null])), rows },
    sound: judge(rows),
  };
}

async function print(rows: readonly Row[]): Promise<void> {
  const cells: string[][] = [];
  for (const { picture, timings } of rows) {
    const bytes = (await stat(picture.file)).size;
    const vitae = timings.find(({ id }) => id === "vitae");
    for (const { name, ms, alone, fastest, rounds, peak, width, height, bytes: made } of timings)
      cells.push([
        `${megapixels(picture)} ${picture.format}`,
        number(bytes / 2 ** 20, 1),
        name,
        number(ms, 1),
        number(alone, 1),
        number(fastest, 1),
        number(alone / (vitae?.alone ?? Number.NaN), 2),
        number(rounds),
        peak === null ? "-" : number(peak),
        `${width}x${height}`,
        number(made / 1024, 1),
      ]);
  }
  printTable(
    ["picture", "MiB", "way", "ms", "alone ms", "min ms", "of Vitae", "rounds", "peak MiB", "made", "KiB"],
    cells,
  );
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
    if (vips.length === 0) say(`not compared ${format}: no slower than vipsthumbnail: install libvips-tools`);
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
