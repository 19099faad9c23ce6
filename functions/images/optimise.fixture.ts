// Images for the tests of optimising: one colour in a colour space, and animations with a comment or a large canvas.
import { deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { pngChunk } from "./hostile-images.fixture.ts";

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

const nameAt = (icc: Buffer, tag: number) => icc.toString("latin1", 132 + 12 * tag, 136 + 12 * tag);

/**
 * A PNG of one grey with a profile of linear light in the primaries of sRGB.
 * @param encoding of the description: ICC version 2 (`desc`) or 4 (`mluc`)
 */
export async function linearPng(grey: number, description: string, encoding: "desc" | "mluc"): Promise<Buffer> {
  const image = flat({ r: grey, g: grey, b: grey });
  const { icc = Buffer.alloc(0) } = await sharp(await image.clone().withIccProfile("srgb").png().toBuffer()).metadata();
  const tagOf = (name: string) => 132 + 12 * [...Array(20).keys()].findIndex((at) => nameAt(icc, at) === name);
  const letters = Buffer.from(description, encoding === "mluc" ? "utf16le" : "latin1");
  const head = encoding === "mluc" ? "6d6c7563 00000000 00000001 0000000c 656e5553" : "64657363 00000000";
  const size = Buffer.alloc(encoding === "mluc" ? 8 : 4);
  size.writeUInt32BE(letters.length);
  if (encoding === "mluc") {
    letters.swap16();
    size.writeUInt32BE(28, 4);
  }
  const text = Buffer.concat([Buffer.from(head.replaceAll(" ", ""), "hex"), size, letters, Buffer.alloc(90)]);
  const profile = Buffer.concat([icc, text.subarray(0, text.length - (text.length % 4))]);
  profile.writeUInt32BE(profile.length, 0);
  profile.writeUInt32BE(icc.length, tagOf("desc") + 4);
  profile.writeUInt32BE(profile.length - icc.length, tagOf("desc") + 8);
  // One curve for all channels; an empty one is linear.
  profile.write("curv\0\0\0\0\0\0\0\0", profile.readUInt32BE(tagOf("rTRC") + 4), "latin1");
  const png = await image.png().toBuffer();
  const chunk = pngChunk("iCCP", Buffer.concat([Buffer.from("icc\0\0", "latin1"), deflateSync(profile)]));
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}
