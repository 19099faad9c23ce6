// bench thumbnail: time and memory of one thumbnail, compared with vipsthumbnail and jimp.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { THUMBNAIL_EDGE } from "../../functions/lib/names.ts";
import { startChild } from "../child.ts";
import { type ImageFile, imageFile } from "../images.ts";
import { alternateRounds } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { median } from "../statistics.ts";
import { isAvailable, run } from "./programs.ts";
import type { RenderResult } from "./renderer.ts";

const SIZES = [
  { width: 1152, height: 864, rounds: 15 },
  { width: 4000, height: 3000, rounds: 9 },
  { width: 8000, height: 6000, rounds: 5 },
];
const JIMP = "jimp@1.6.1";
const MIN_JIMP_RATIO = 20;

type Name = "Vitae" | "vipsthumbnail" | "jimp";
type Contender = {
  readonly name: Name;
  render(request: { file: string }): Promise<RenderResult>;
  /** Renders in a fresh process, for its memory. */
  renderOnce?: (request: { file: string }) => Promise<RenderResult>;
  end(): Promise<void>;
};
type Figures = { readonly name: Name; readonly ms: number; readonly peak: number | undefined; readonly edge: number };
type Row = { readonly image: ImageFile; readonly contenders: readonly Figures[] };

function inChild(name: Name, args: readonly string[]): Contender {
  const start = () => startChild<{ file: string }, RenderResult>(new URL("renderer.ts", import.meta.url), { args });
  const { call, end } = start();
  return {
    name,
    render: call,
    async renderOnce(request) {
      const fresh = start();
      return fresh.call(request).finally(fresh.end);
    },
    end,
  };
}

/** One process for each thumbnail, so the time of `vipsthumbnail --version` is subtracted. */
function vipsthumbnail(dir: string): Contender {
  const time = async (...args: string[]) => {
    const startedAt = performance.now();
    await run("vipsthumbnail", args);
    return performance.now() - startedAt;
  };
  const out = join(dir, "vipsthumbnail.webp");
  return {
    name: "vipsthumbnail",
    async render({ file }) {
      const ms = await time(file, "--size", "256x256>", "-o", `${out}[Q=80,strip]`);
      const { width, height } = await sharp(out).metadata();
      return { ms: ms - (await time("--version")), peak: undefined, edge: Math.max(width, height) };
    },
    end: async () => undefined,
  };
}

/** Installs jimp outside of the project. Contenders that are not available are reported and left out. */
async function startContenders(dir: string): Promise<Contender[]> {
  const contenders = [inChild("Vitae", ["vitae"])];
  if (await isAvailable("vipsthumbnail", ["--version"])) contenders.push(vipsthumbnail(dir));
  else printLine("vipsthumbnail is not installed and not compared: install libvips-tools.");
  if (await isAvailable("npm", ["install", "--no-save", "--no-audit", "--prefix", dir, JIMP]))
    contenders.push(inChild("jimp", ["jimp", dir]));
  else printLine(`${JIMP} could not be installed and is not compared.`);
  return contenders;
}

async function measure(image: ImageFile, contenders: readonly Contender[], rounds: number): Promise<Row> {
  // Warms up every contender.
  for (const { render } of contenders) await render(image);
  const results = await alternateRounds(contenders, rounds, ({ render }) => render(image));
  const figures: Figures[] = [];
  for (const [{ name, renderOnce }, all] of results) {
    const peak = (await renderOnce?.(image))?.peak;
    figures.push({ name, ms: median(all.map(({ ms }) => ms)), peak, edge: all[0]?.edge ?? 0 });
  }
  return { image, contenders: figures };
}

const msOf = ({ contenders }: Row, name: Name) => contenders.find((each) => each.name === name)?.ms ?? Number.NaN;

/** @param root of the sources */
export async function benchThumbnail(root: string): Promise<{ figures: object; isCorrect: boolean }> {
  const dir = join(root, ".local", "bench-peers");
  await mkdir(dir, { recursive: true });
  const contenders = await startContenders(dir);
  const rows: Row[] = [];
  try {
    for (const { rounds, ...size } of SIZES)
      for (const format of ["JPEG", "PNG"] as const)
        rows.push(await measure(await imageFile(root, size, { format }), contenders, rounds));
  } finally {
    await Promise.all(contenders.map(({ end }) => end()));
  }
  printLine(`From bytes to bytes in warm processes. sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}.`);
  printLine("jimp writes JPEG. The start of vipsthumbnail is subtracted. Peak: a fresh process with one thumbnail.\n");
  const cells = rows.flatMap((row) => row.contenders.map((contender) => ({ row, ...row.image, ...contender })));
  printTable(cells, {
    image: ({ width, height, format }) => `${number((width * height) / 1e6)} MP ${format}`,
    contender: ({ name }) => name,
    ms: ({ ms }) => number(ms, 1),
    "of Vitae": ({ row, ms }) => number(ms / msOf(row, "Vitae"), 2),
    "peak MiB": ({ peak }) => (peak === undefined ? "-" : number(peak)),
  });
  printLine();
  return { figures: { rows }, isCorrect: judge(rows) };
}

/** @returns whether every thumbnail has the right size; times are reported only */
function judge(rows: readonly Row[]): boolean {
  const ratios = (name: Name) => rows.map((row) => msOf(row, name) / msOf(row, "Vitae")).filter(Number.isFinite);
  for (const [name, target] of [
    ["vipsthumbnail", 1],
    ["jimp", MIN_JIMP_RATIO],
  ] as const)
    if (ratios(name).length > 0)
      printTarget(
        `${name} takes at least ${target} times as long: ${ratios(name)
          .map((ratio) => number(ratio, 1))
          .join(", ")}`,
        ratios(name).every((ratio) => ratio >= target),
      );
  return printTarget(
    `every thumbnail has ${THUMBNAIL_EDGE} pixels on its longest edge`,
    rows.every(({ contenders }) => contenders.every(({ edge }) => edge === THUMBNAIL_EDGE)),
  );
}
