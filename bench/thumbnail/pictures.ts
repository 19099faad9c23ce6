// Pictures like photographs, made once and kept: light that falls off, shapes of all sizes, and a sensor's noise. Seeded.
import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type OverlayOptions, type Sharp } from "sharp";

export type Size = { readonly width: number; readonly height: number };

/** Cells along the picture's width, from the light to the leaves: each layer is random cells blown up smoothly. */
const LAYERS = [
  { cells: 3, isColoured: true },
  { cells: 12, isColoured: true },
  { cells: 48, isColoured: false },
  { cells: 190, isColoured: false },
  { cells: 760, isColoured: false },
];
/** Standard deviation of the noise of each pixel, in 256ths. */
const NOISE = 1.5;
const TILE = 512;

/** Mulberry32: numbers from 0 to 1 that are the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Layer = (typeof LAYERS)[number];

async function layerOf({ cells, isColoured }: Layer, { width, height }: Size, random: () => number) {
  const rows = Math.max(2, Math.round((cells * height) / width));
  const pixels = Array.from({ length: cells * rows }, () => {
    const light = random();
    return isColoured ? [random(), random(), random()].map((hue) => 256 * (0.7 * light + 0.3 * hue)) : light * 256;
  });
  const input = await sharp(Uint8Array.from(pixels.flat()), {
    raw: { width: cells, height: rows, channels: isColoured ? 3 : 1 },
  })
    .toColourspace("srgb")
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .raw()
    .toBuffer();
  const overlay: OverlayOptions = { input, raw: { width, height, channels: 3 }, blend: "soft-light" };
  return overlay;
}

/** The sum of three even distributions is nearly normal. */
function noiseTile(random: () => number): OverlayOptions {
  const one = () => 128 + NOISE * 2 * (random() + random() + random() - 1.5);
  const input = Buffer.from(Uint8Array.from({ length: TILE * TILE }, one));
  return { input, raw: { width: TILE, height: TILE, channels: 1 }, tile: true, blend: "hard-light" };
}

/** Pixels of a picture, always the same ones for a size. */
export async function photograph(size: Size): Promise<Sharp> {
  const random = randomFrom(size.width);
  const layers: OverlayOptions[] = [];
  for (const layer of LAYERS) layers.push(await layerOf(layer, size, random));
  const [light, ...rest] = layers;
  const { width, height } = size;
  const raw = { width, height, channels: 3 } as const;
  const pixels = await sharp(light?.input as Buffer, { raw })
    .composite([...rest, noiseTile(random)])
    .removeAlpha()
    .raw()
    .toBuffer();
  return sharp(pixels, { raw });
}

/** Makes a file unless it is there. @returns its name */
export async function once(file: string, make: () => Promise<Buffer>): Promise<string> {
  if (
    await access(file).then(
      () => true,
      () => false,
    )
  )
    return file;
  await writeFile(`${file}.new`, await make());
  await rename(`${file}.new`, file);
  return file;
}

export type Picture = Size & { readonly format: "JPEG" | "PNG"; readonly file: string };

/** @param dir where they are kept */
export async function makePictures(dir: string, sizes: readonly Size[]): Promise<Picture[]> {
  await mkdir(dir, { recursive: true });
  const pictures: Picture[] = [];
  for (const { width, height } of sizes) {
    let photo: Promise<Sharp> | undefined;
    const shot = () => {
      photo ??= photograph({ width, height });
      return photo;
    };
    const at = (extension: string) => join(dir, `${width}x${height}.${extension}`);
    const jpeg = await once(at("jpg"), async () => (await shot()).jpeg({ quality: 90 }).toBuffer());
    const png = await once(at("png"), async () => (await shot()).png({ adaptiveFiltering: true }).toBuffer());
    pictures.push({ width, height, format: "JPEG", file: jpeg }, { width, height, format: "PNG", file: png });
  }
  return pictures;
}
