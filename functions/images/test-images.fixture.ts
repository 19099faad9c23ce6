// Real pictures for tests: each kind that is accepted, and headers that lie about their size.
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import type { ImageFormat } from "./image-format.ts";

const noise = (width: number, height: number, mean: number) =>
  sharp({
    create: { width, height, channels: 3, background: "white", noise: { type: "gaussian", mean, sigma: 30 } },
  });

/** A picture that is hard to compress, so that most of its bytes are data. */
export function testImage(format: ImageFormat, { width = 80, height = 60 } = {}): Promise<Buffer> {
  return noise(width, height, 128).toFormat(format).toBuffer();
}

/** Three frames, the first black, the second red, the third blue. */
export async function animation(format: "gif" | "webp"): Promise<Buffer> {
  const frame = (background: string) =>
    sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .png()
      .toBuffer();
  const frames = await Promise.all(["black", "red", "blue"].map(frame));
  const joined = sharp(frames, { join: { animated: true } });
  return format === "gif" ? joined.gif().toBuffer() : joined.webp({ lossless: true }).toBuffer();
}

/** A JPEG as a camera makes it: orientation, position, maker, a description in XMP and a colour profile. */
export async function cameraImage(orientation = 6): Promise<Buffer> {
  const xmp = '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>';
  return noise(80, 60, 128)
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

function chunk(type: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(data.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** A PNG that says it is so large and holds next to nothing. */
export function pngBomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(1_000))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A PNG with a comment. */
export async function pngWithText(text: string): Promise<Buffer> {
  const plain = await testImage("png");
  const afterHeader = SIGNATURE.length + 25;
  return Buffer.concat([
    plain.subarray(0, afterHeader),
    chunk("tEXt", Buffer.from(`Comment\0${text}`, "latin1")),
    plain.subarray(afterHeader),
  ]);
}

/** A GIF with a comment right before its first block. */
export async function gifWithComment(text: string): Promise<Buffer> {
  const plain = await testImage("gif");
  const tables = 13 + ((plain[10] ?? 0) & 0x80 ? 3 * 2 ** (((plain[10] ?? 0) & 7) + 1) : 0);
  const comment = Buffer.from(text, "latin1");
  return Buffer.concat([
    plain.subarray(0, tables),
    Buffer.from([0x21, 0xfe, comment.length]),
    comment,
    Buffer.from([0]),
    plain.subarray(tables),
  ]);
}

/** A GIF whose screen and whose frame say that they are so large. */
export async function gifBomb(width: number, height: number): Promise<Buffer> {
  const bytes = Buffer.from(await testImage("gif"));
  const frame = bytes.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 80, 0, 60, 0]));
  for (const at of [6, frame + 5]) {
    bytes.writeUInt16LE(width, at);
    bytes.writeUInt16LE(height, at + 2);
  }
  return bytes;
}

/** A lossy WebP whose header says that it is so large; 16,383 is the most. */
export async function webpBomb(width: number, height: number): Promise<Buffer> {
  const bytes = Buffer.from(await testImage("webp"));
  bytes.writeUInt16LE(width, 26);
  bytes.writeUInt16LE(height, 28);
  return bytes;
}

/** An AVIF whose every size property says that it is so large. */
export async function avifBomb(width: number, height: number): Promise<Buffer> {
  const bytes = Buffer.from(await testImage("avif"));
  for (let at = bytes.indexOf("ispe"); at >= 0; at = bytes.indexOf("ispe", at + 4)) {
    bytes.writeUInt32BE(width, at + 8);
    bytes.writeUInt32BE(height, at + 12);
  }
  return bytes;
}

/** A JPEG whose frame header says that it is so large; 65,535 is the most. */
export async function jpegBomb(width: number, height: number): Promise<Buffer> {
  const bytes = Buffer.from(await testImage("jpeg"));
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0, 0, 17, 8]));
  bytes.writeUInt16BE(height, frame + 5);
  bytes.writeUInt16BE(width, frame + 7);
  return bytes;
}

/** An archive with one stored file. */
export function zip(): Buffer {
  const name = Buffer.from("a.html");
  const data = Buffer.from("hello");
  const local = Buffer.alloc(30);
  local.write("PK\x03\x04", "latin1");
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.write("PK\x01\x02", "latin1");
  entry.writeUInt16LE(name.length, 28);
  const last = Buffer.alloc(22);
  last.write("PK\x05\x06", "latin1");
  last.writeUInt16LE(1, 10);
  return Buffer.concat([local, name, data, entry, name, last]);
}
