// Generates images for tests and benches: every accepted format, EXIF orientations, animations and photos.
import { readFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import type { ImageFormat } from "./image-format.ts";

export type Size = { readonly width: number; readonly height: number };

const noise = ({ width, height }: Size, sigma = 30) =>
  sharp({
    create: { width, height, channels: 3, background: "white", noise: { type: "gaussian", mean: 128, sigma } },
  });

/** Noise, which is hard to compress: most of the bytes are image data. */
export function testImage(format: ImageFormat, size: Size = { width: 80, height: 60 }): Promise<Buffer> {
  return noise(size).toFormat(format).toBuffer();
}

/** Smooth shapes of several sizes and fine noise, so that it compresses and decodes like a photo. */
export async function photo(size: Size): Promise<Sharp> {
  const { width, height } = size;
  const raw = { width, height, channels: 3 } as const;
  const shapes = async (cells: number, sigma: number) =>
    noise({ width: cells, height: Math.ceil((cells * height) / width) }, sigma)
      .resize(width, height, { fit: "fill", kernel: "cubic" })
      .raw()
      .toBuffer();
  const grain = await noise({ width: 512, height: 512 }, 2).raw().toBuffer();
  const pixels = await sharp(await shapes(12, 60), { raw })
    .composite([
      { input: await shapes(48, 60), raw, blend: "soft-light" },
      { input: await shapes(760, 60), raw, blend: "soft-light" },
      { input: grain, raw: { width: 512, height: 512, channels: 3 }, tile: true, blend: "hard-light" },
    ])
    .removeAlpha()
    .raw()
    .toBuffer();
  return sharp(pixels, { raw });
}

const colours = { red: [220, 30, 30], green: [30, 180, 30], blue: [30, 30, 220], white: [245, 245, 245] } as const;
type Colour = keyof typeof colours;

/** The corners of an upright image of `quarters`, in reading order. */
export const UPRIGHT: readonly Colour[] = ["red", "green", "blue", "white"];

/** Four quarters in four colours: the corners show any rotation or reflection. */
export function quarters({ width, height }: Size): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const colour = UPRIGHT[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)] as Colour;
      pixels.set(colours[colour], (y * width + x) * 3);
    }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** What to do to an upright image so that the viewer's correction restores it (EXIF 2.3, tag 0x0112). */
const transforms: readonly ((upright: Sharp) => Sharp)[] = [
  (image) => image,
  (image) => image.flop(),
  (image) => image.rotate(180),
  (image) => image.flip(),
  (image) => image.rotate(270).flop(),
  (image) => image.rotate(270),
  (image) => image.rotate(90).flop(),
  (image) => image.rotate(90),
];

/** A JPEG of `quarters` that is stored rotated or mirrored, with the EXIF orientation 1 to 8 that corrects it. */
export async function orientedImage(size: Size, orientation: number): Promise<Buffer> {
  const upright = sharp(await quarters(size).png().toBuffer());
  const stored = await (transforms[orientation - 1]?.(upright) ?? upright).png().toBuffer();
  return sharp(stored).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
}

/** The nearest of the four colours at each corner, in reading order. */
export async function cornersOf(bytes: Uint8Array): Promise<Colour[]> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => {
    const offset = (Math.round(y * (info.height - 1)) * info.width + Math.round(x * (info.width - 1))) * info.channels;
    const distance = (name: Colour) =>
      colours[name].reduce((sum, value, channel) => sum + Math.abs(value - (data[offset + channel] ?? 0)), 0);
    return UPRIGHT.toSorted((a, b) => distance(a) - distance(b))[0] as Colour;
  };
  return [at(0.1, 0.1), at(0.9, 0.1), at(0.1, 0.9), at(0.9, 0.9)];
}

/** Three frames: black, red, blue. sharp writes no animated AVIF: the file is from Pillow 12.3, which uses libavif. */
export async function animation(format: "gif" | "webp" | "avif"): Promise<Buffer> {
  if (format === "avif") return readFile(new URL("animated.fixture.avif", import.meta.url));
  const frame = (background: string) =>
    sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .png()
      .toBuffer();
  const frames = await Promise.all(["black", "red", "blue"].map(frame));
  const joined = sharp(frames, { join: { animated: true } });
  return format === "gif" ? joined.gif().toBuffer() : joined.webp({ lossless: true }).toBuffer();
}

/** A GIF of 40 x 30 with one frame of 20 x 10 in its middle, and no transparent colour. */
export async function smallFrameGif(): Promise<Buffer> {
  const bytes = await sharp({ create: { width: 20, height: 10, channels: 3, background: "red" } })
    .gif()
    .toBuffer();
  bytes.set([40, 0, 30, 0], 6);
  const control = bytes.indexOf(Buffer.from([0x21, 0xf9, 4]));
  bytes.writeUInt8((bytes[control + 3] as number) & 0xfe, control + 3);
  bytes.set([10, 0, 10, 0], bytes.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 20, 0, 10, 0])) + 1);
  return bytes;
}

/** Red and green lines one pixel wide on blue, as in a small logo. */
export function flatGraphic({ width, height }: Size): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const colour = x % 9 === 0 || x === y ? colours.red : y % 11 === 0 ? colours.green : colours.blue;
      pixels.set(colour, (y * width + x) * 3);
    }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** A JPEG with a camera's metadata: orientation, position, maker, a description in XMP and a colour profile. */
export async function cameraImage(orientation = 6): Promise<Buffer> {
  const xmp = '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>';
  return noise({ width: 80, height: 60 })
    .withExif({
      IFD0: { Make: "Vitae", Model: "One" },
      IFD3: { GPSLatitudeRef: "N", GPSLatitude: "52/1 31/1 0/1" },
    })
    .withMetadata({ orientation })
    .withXmp(xmp)
    .withIccProfile("p3", { attach: true })
    .jpeg()
    .toBuffer();
}
