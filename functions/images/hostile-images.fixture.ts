// Generates images that lie: headers with a false size, comments with scripts, appended archives.
import { crc32, deflateSync } from "node:zlib";
import { testImage } from "./test-images.fixture.ts";

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const typeAndData = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const chunk = Buffer.alloc(typeAndData.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  typeAndData.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(typeAndData), typeAndData.length + 4);
  return chunk;
}

const PNG_SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** A PNG whose header declares this size, with almost no data. */
export function pngBomb(
  width: number,
  height: number,
  { bits = 8, hasAlpha = false, isInterlaced = false } = {},
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, hasAlpha ? 6 : 2, 0, 0, Number(isInterlaced)], 8);
  return Buffer.concat([
    PNG_SIGNATURE,
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(Buffer.alloc(1_000))),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A GIF with a comment before its first block. */
export async function gifWithComment(text: string): Promise<Buffer> {
  const plain = await testImage("gif");
  const tableEnd = 13 + ((plain[10] ?? 0) & 0x80 ? 3 * 2 ** (((plain[10] ?? 0) & 7) + 1) : 0);
  const comment = Buffer.from(text, "latin1");
  return Buffer.concat([
    plain.subarray(0, tableEnd),
    Buffer.from([0x21, 0xfe, comment.length]),
    comment,
    Buffer.from([0]),
    plain.subarray(tableEnd),
  ]);
}

/** A GIF that is also a script: its width begins a comment, its own comment ends it. Assigns `scriptRan`. */
export function gifScript(): Buffer {
  const code = "*/=1;globalThis.scriptRan=true;/*";
  return Buffer.concat([
    Buffer.from("GIF89a/*\x01\x00\x80\x00\x00", "latin1"),
    Buffer.alloc(6, 0x40),
    Buffer.from([0x21, 0xfe, code.length]),
    Buffer.from(`${code}\0`),
    Buffer.from("2c000000000100010000", "hex"),
    Buffer.from("02024401003b", "hex"),
    Buffer.from("*/"),
  ]);
}

/** A GIF whose screen and frame declare this size. */
export async function gifBomb(width: number, height: number): Promise<Buffer> {
  const bytes = Buffer.from(await testImage("gif"));
  const frame = bytes.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 80, 0, 60, 0]));
  for (const at of [6, frame + 5]) {
    bytes.writeUInt16LE(width, at);
    bytes.writeUInt16LE(height, at + 2);
  }
  return bytes;
}

/** A lossy WebP whose header declares this size; at most 16,383. */
export async function webpBomb(width: number, height: number): Promise<Buffer> {
  const bytes = Buffer.from(await testImage("webp"));
  bytes.writeUInt16LE(width, 26);
  bytes.writeUInt16LE(height, 28);
  return bytes;
}

/** An AVIF whose size properties all declare this size. */
export async function avifBomb(width: number, height: number): Promise<Buffer> {
  const bytes = Buffer.from(await testImage("avif"));
  for (let at = bytes.indexOf("ispe"); at >= 0; at = bytes.indexOf("ispe", at + 4)) {
    bytes.writeUInt32BE(width, at + 8);
    bytes.writeUInt32BE(height, at + 12);
  }
  return bytes;
}

/** A JPEG whose frame header declares this size; at most 65,535. */
export async function jpegBomb(width: number, height: number): Promise<Buffer> {
  const bytes = Buffer.from(await testImage("jpeg"));
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0, 0, 17, 8]));
  bytes.writeUInt16BE(height, frame + 5);
  bytes.writeUInt16BE(width, frame + 7);
  return bytes;
}

/** A ZIP archive with one stored file. */
export function zip(): Buffer {
  const name = Buffer.from("a.html");
  const data = Buffer.from("hello");
  const fileHeader = Buffer.alloc(30);
  fileHeader.write("PK\x03\x04", "latin1");
  fileHeader.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.write("PK\x01\x02", "latin1");
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 10);
  return Buffer.concat([fileHeader, name, data, entry, name, end]);
}
