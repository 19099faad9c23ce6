// A child process that creates thumbnails with Vitae's own code, or with jimp from the folder in the second argument.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import sharp from "sharp";
import { THUMBNAIL_EDGE } from "../../functions/lib/names.ts";
import { loadSharp } from "../../functions/lib/sharp.ts";
import { encodeVariant } from "../../functions/thumbnail/encode.ts";
import { fitPixels } from "../../functions/thumbnail/pixels.ts";
import { serveParent } from "../child.ts";

export type RenderResult = {
  readonly ms: number;
  /** Maximum memory of this process so far in MiB; undefined where the operating system does not report it. */
  readonly peak: number | undefined;
  /** Longest edge of the thumbnail in pixels. */
  readonly edge: number;
};

/** The part of jimp's API that this uses. */
type Jimp = {
  readonly Jimp: {
    fromBuffer(
      bytes: Buffer,
      options: object,
    ): Promise<{
      scaleToFit(size: { w: number; h: number }): void;
      getBuffer(type: "image/jpeg", options: { quality: number }): Promise<Buffer>;
    }>;
  };
};

async function vitae() {
  // The default of MAX_IMAGE_PIXELS.
  const open = await loadSharp(50_000_000);
  return async (bytes: Buffer) =>
    encodeVariant(open, await fitPixels(open(bytes).autoOrient(), THUMBNAIL_EDGE), "webp");
}

/** As its README shows it. It cannot write WebP, so it writes JPEG, which is faster; quality 80 is that of Vitae. */
async function jimp(folder: string) {
  const { Jimp } = createRequire(`${folder}/`)("jimp") as Jimp;
  // The default limit of 512 MB rejects 48 megapixels.
  const options = { "image/jpeg": { maxMemoryUsageInMB: 4_096 } };
  return async (bytes: Buffer) => {
    const image = await Jimp.fromBuffer(bytes, options);
    image.scaleToFit({ w: THUMBNAIL_EDGE, h: THUMBNAIL_EDGE });
    return image.getBuffer("image/jpeg", { quality: 80 });
  };
}

/** From /proc, because getrusage includes the memory of the parent before exec. */
function peakMemory(): number | undefined {
  if (process.platform !== "linux") return undefined;
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kib) / 1024;
}

const [name, folder = ""] = process.argv.slice(2);
const loading = name === "jimp" ? jimp(folder) : vitae();

serveParent<{ file: string }, RenderResult>(async ({ file }) => {
  const render = await loading;
  const bytes = await readFile(file);
  const startedAt = performance.now();
  const thumbnail = await render(bytes);
  const ms = performance.now() - startedAt;
  const peak = peakMemory();
  const { width, height } = await sharp(thumbnail).metadata();
  return { ms, peak, edge: Math.max(width, height) };
});
