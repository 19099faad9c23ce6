// A part: makes thumbnails in this process with Vitae's own code or with jimp, one after the other.
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { loadSharp } from "../../functions/lib/sharp.ts";
import { renderThumbnail, THUMBNAIL_EDGE } from "../../functions/thumbnail/render.ts";
import { serveParent } from "../child.ts";
import type { Job, Made } from "./contender.ts";

type Render = (bytes: Buffer) => Promise<{ bytes: Uint8Array; extension: string }>;

/** What MAX_IMAGE_PIXELS is unless set. */
const MAX_PIXELS = 50_000_000;
/** Vitae's: jimp's own default is 100, with which it would have more to write. */
const QUALITY = 80;

async function vitae(): Promise<Render> {
  const open = await loadSharp(MAX_PIXELS);
  return async (bytes) => ({ bytes: (await renderThumbnail(bytes, open)).bytes, extension: "webp" });
}

/** As its README has it; it cannot write WebP, so it writes the cheaper JPEG. */
async function jimp(): Promise<Render> {
  const { Jimp, JimpMime } = await import("jimp");
  // Its limit of 512 MB would refuse 48 megapixels.
  const decoding = { [JimpMime.jpeg]: { maxMemoryUsageInMB: 4_096 } };
  return async (bytes) => {
    const image = await Jimp.fromBuffer(bytes, decoding);
    image.scaleToFit({ w: THUMBNAIL_EDGE, h: THUMBNAIL_EDGE });
    return { bytes: await image.getBuffer(JimpMime.jpeg, { quality: QUALITY }), extension: "jpg" };
  };
}

/** Not getrusage: what it tells includes the process that started this one. */
function peak(): number | null {
  if (process.platform !== "linux") return null;
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return kib === undefined ? null : Number(kib) / 1024;
}

const [name] = process.argv.slice(2);
const loading = name === "jimp" ? jimp() : vitae();

serveParent<Job, Made>(async ({ file, out }) => {
  const render = await loading;
  const picture = await readFile(file);
  const began = performance.now();
  const { bytes, extension } = await render(picture);
  const ms = performance.now() - began;
  const thumbnail = `${out}.${extension}`;
  await writeFile(thumbnail, bytes);
  return { file: thumbnail, ms, peak: peak() };
});
