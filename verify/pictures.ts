// Pictures made for tests: small, seeded by their arguments, and told apart by their colours.
import sharp, { type Sharp } from "sharp";

export type Format = "jpeg" | "png" | "webp" | "avif" | "gif";
export const formats: readonly Format[] = ["jpeg", "png", "webp", "avif", "gif"];

type Corner = "red" | "green" | "blue" | "white";
const colours: Record<Corner, readonly [number, number, number]> = {
  red: [220, 30, 30],
  green: [30, 180, 30],
  blue: [30, 30, 220],
  white: [245, 245, 245],
};

/** Four quarters in four colours: whichever way it is turned or mirrored, the corners tell. */
export function quarters(width: number, height: number): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const left = x < width / 2;
      const corner: Corner = y < height / 2 ? (left ? "red" : "green") : left ? "blue" : "white";
      pixels.set(colours[corner], (y * width + x) * 3);
    }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

export function encode(picture: Sharp, format: Format): Promise<Buffer> {
  return picture.toFormat(format).toBuffer();
}

/**
 * A JPEG that shows the same picture upright for each of the eight EXIF orientations: its pixels are stored turned or
 * mirrored, and the tag says how to undo that.
 */
export async function turned(width: number, height: number, orientation: number): Promise<Buffer> {
  const upright = await quarters(width, height).png().toBuffer();
  const undo: Record<number, (picture: Sharp) => Sharp> = {
    1: (picture) => picture,
    2: (picture) => picture.flop(),
    3: (picture) => picture.rotate(180),
    4: (picture) => picture.flip(),
    5: (picture) => picture.rotate(270).flop(),
    6: (picture) => picture.rotate(270),
    7: (picture) => picture.rotate(90).flop(),
    8: (picture) => picture.rotate(90),
  };
  const stored = await (undo[orientation] as (picture: Sharp) => Sharp)(sharp(upright)).png().toBuffer();
  return sharp(stored).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
}

/** The nearest of the four colours at each corner, reading order. */
export async function corners(bytes: Uint8Array): Promise<Corner[]> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): Corner => {
    const offset = (Math.round(y * (info.height - 1)) * info.width + Math.round(x * (info.width - 1))) * info.channels;
    const distance = (corner: Corner) =>
      colours[corner].reduce((sum, value, channel) => sum + Math.abs(value - (data[offset + channel] ?? 0)), 0);
    return (Object.keys(colours) as Corner[]).reduce((best, corner) =>
      distance(corner) < distance(best) ? corner : best,
    );
  };
  return [at(0.1, 0.1), at(0.9, 0.1), at(0.1, 0.9), at(0.9, 0.9)];
}

export const UPRIGHT: readonly Corner[] = ["red", "green", "blue", "white"];
