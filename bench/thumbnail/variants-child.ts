// A child process on one core that creates all variants of an image: as the app does, with its code but a decode for each,
// or with sharp alone.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Sharp } from "sharp";
import { createDecoder } from "../../functions/lib/decode/decoder.ts";
import { createHeavyWork } from "../../functions/lib/heavy-work.ts";
import { loadSharp } from "../../functions/lib/sharp.ts";
import { AVIF, encodeVariant, QUALITY, WEBP_EFFORT } from "../../functions/thumbnail/encode.ts";
import { fitPixels } from "../../functions/thumbnail/pixels.ts";
import { formatsFor } from "../../functions/thumbnail/plan.ts";
import { renderVariants, startPatience } from "../../functions/thumbnail/render.ts";
import { serveParent } from "../child.ts";
import { contentType, widths } from "./nine.ts";

export type VariantsRequest = { readonly file: string; readonly way: "app" | "naive" | "sharp" };
export type VariantsResult = {
  /** Milliseconds of all variants. */
  readonly ms: number;
  /** Milliseconds of each variant with its own decode; only for the naive way. */
  readonly each: readonly { readonly name: string; readonly ms: number }[];
  readonly sizes: readonly { readonly name: string; readonly bytes: number }[];
  /** Maximum memory of this process so far in MiB. */
  readonly peak: number;
};

/** The default of MAX_IMAGE_PIXELS. */
const MAX_PIXELS = 50_000_000;

// All threads, before libvips starts its own.
execFileSync("taskset", ["-acp", "0", String(process.pid)]);

async function inTheApp(bytes: Buffer) {
  const decoder = createDecoder({ maxPixels: MAX_PIXELS, gate: createHeavyWork().decodes });
  const { encode } = await renderVariants({ bytes, contentType }, { decoder, widths, patience: startPatience() });
  const sizes: { name: string; bytes: number }[] = [];
  for await (const { name, size } of encode()) sizes.push({ name, bytes: size });
  return { each: [], sizes };
}

async function naive(bytes: Buffer) {
  const open = await loadSharp(MAX_PIXELS);
  const each: { name: string; ms: number }[] = [];
  const sizes: { name: string; bytes: number }[] = [];
  for (const width of widths)
    for (const format of formatsFor(contentType)) {
      const startedAt = performance.now();
      const encoded = await encodeVariant(open, await fitPixels(open(bytes).autoOrient(), width), format);
      const name = `${width}.${format}`;
      each.push({ name, ms: performance.now() - startedAt });
      sizes.push({ name, bytes: encoded.length });
    }
  return { each, sizes };
}

/** As its documentation shows it: a pipeline for each variant, with the app's quality and effort. */
async function withSharp(bytes: Buffer) {
  const { default: sharp } = await import("sharp");
  const encoders: Record<string, (image: Sharp) => Sharp> = {
    avif: (image) => image.avif(AVIF),
    webp: (image) => image.webp({ quality: QUALITY, effort: WEBP_EFFORT }),
    jpeg: (image) => image.jpeg({ quality: QUALITY }),
  };
  const sizes: { name: string; bytes: number }[] = [];
  for (const width of widths)
    for (const [format, encode] of Object.entries(encoders)) {
      const image = sharp(bytes).autoOrient().resize(width, width, { fit: "inside", withoutEnlargement: true });
      sizes.push({ name: `${width}.${format}`, bytes: (await encode(image).toBuffer()).length });
    }
  return { each: [], sizes };
}

const ways = { app: inTheApp, naive, sharp: withSharp };

const peakMemory = () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;

serveParent<VariantsRequest, VariantsResult>(async ({ file, way }) => {
  const bytes = await readFile(file);
  const startedAt = performance.now();
  const result = await ways[way](bytes);
  return { ...result, ms: performance.now() - startedAt, peak: peakMemory() };
});
