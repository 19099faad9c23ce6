// Images for the tests of optimising: one colour in a colour space, and animations with a comment or a large canvas.
import sharp, { type Sharp } from "sharp";

export function flat(background: { r: number; g: number; b: number }): Sharp {
  return sharp({ create: { width: 16, height: 16, channels: 3, background } });
}

/** A colour of sRGB, converted to Display P3. */
export function p3([r, g, b]: [number, number, number]): Sharp {
  return flat({ r, g, b }).withIccProfile("p3");
}

export function withGifComment(gif: Buffer): Buffer {
  const comment = Buffer.from("Vitae");
  return Buffer.concat([gif.subarray(0, -1), Buffer.of(0x21, 0xfe, comment.length), comment, Buffer.of(0, 0x3b)]);
}

/** Five small frames on a canvas of 49 megapixels. */
export async function largeAnimation(): Promise<Buffer> {
  const frames = await Promise.all(
    [1, 2, 3, 4, 5].map((shade) =>
      flat({ r: shade * 40, g: 0, b: 0 })
        .png()
        .toBuffer(),
    ),
  );
  const webp = await sharp(frames, { join: { animated: true } })
    .webp()
    .toBuffer();
  // Width and height less one, in 24 bits each, behind RIFF header, chunk header and flags.
  for (const at of [24, 27]) webp.writeUIntLE(7_000 - 1, at, 3);
  return webp;
}
