// A child process on one core that creates all variants of an image: as the app does, or each with its own decode.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createDecoder } from "../../functions/lib/decode/decoder.ts";
import { createHeavyWork } from "../../functions/lib/heavy-work.ts";
import { loadSharp } from "../../functions/lib/sharp.ts";
import { encodeVariant } from "../../functions/thumbnail/encode.ts";
import { fitPixels } from "../../functions/thumbnail/pixels.ts";
import { formatsFor } from "../../functions/thumbnail/plan.ts";
import { renderVariants, startPatience } from "../../functions/thumbnail/render.ts";
import { serveParent } from "../child.ts";

export type VariantsRequest = { readonly file: string; readonly way: "app" | "naive" };
export type VariantsResult = {
  /** Milliseconds of all variants. */
  readonly ms: number;
  /** Milliseconds of each variant with its own decode; empty for the app's way. */
  readonly each: readonly { readonly name: string; readonly ms: number }[];
  readonly sizes: readonly { readonly name: string; readonly bytes: number }[];
  /** Maximum memory of this process so far in MiB. */
  readonly peak: number;
};

/** The defaults of THUMBNAIL_WIDTHS and MAX_IMAGE_PIXELS. */
const widths = [256, 640, 1_280];
const MAX_PIXELS = 50_000_000;
const contentType = "image/jpeg";

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

const peakMemory = () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;

serveParent<VariantsRequest, VariantsResult>(async ({ file, way }) => {
  const bytes = await readFile(file);
  const startedAt = performance.now();
  const result = await (way === "app" ? inTheApp(bytes) : naive(bytes));
  return { ...result, ms: performance.now() - startedAt, peak: peakMemory() };
});
