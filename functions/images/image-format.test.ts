// Detection of image formats.
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { zip } from "./hostile-images.fixture.ts";
import { formatOf, imageFormats } from "./image-format.ts";
import { animation, testImage } from "./test-images.fixture.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

/** A file type box: length, name, major brand, version and compatible brands. */
function ftyp(major: string, ...compatible: string[]): Buffer {
  const body = latin1(`ftyp${major}\0\0\0\0${compatible.join("")}`);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body, Buffer.from("\0\0\0\x08meta")]);
}

describe("formatOf", () => {
  it.each(imageFormats)("formatOf detects %s", async (format) => {
    expect(formatOf(await testImage(format))).toBe(format);
  });

  it.each(["gif", "webp", "avif"] as const)("formatOf detects an animated %s", async (format) => {
    expect(formatOf(await animation(format))).toBe(format);
  });

  it.each([
    ["still", ftyp("avif", "avif", "mif1", "miaf")],
    ["sequence", ftyp("avis", "msf1", "miaf")],
    ["still with AVIF only as a compatible brand", ftyp("mif1", "miaf", "avif")],
    ["sequence with AVIF only as a compatible brand", ftyp("msf1", "miaf", "avis")],
  ])("formatOf detects AVIF by its brands: %s", (_, bytes) => {
    expect(formatOf(bytes)).toBe("avif");
  });

  it.each<[string, Uint8Array | Promise<Uint8Array>]>([
    ["HEIC", ftyp("heic", "mif1", "heic")],
    ["HEIC with avif after the first box", Buffer.concat([ftyp("heic", "mif1"), latin1("avif")])],
    ["MP4", ftyp("isom", "isom", "iso2", "avc1", "mp41")],
    ["a box of length 0", latin1("\0\0\0\0ftypavif\0\0\0\0")],
    ["SVG", latin1('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ["SVG after an XML declaration", latin1('<?xml version="1.0"?><svg/>')],
    ["PDF", latin1("%PDF-1.7\n")],
    ["HTML", latin1("<!doctype html><html>")],
    ["BMP", latin1("BM\x46\0\0\0\0\0\0\0\x36\0\0\0")],
    ["TIFF, little-endian", latin1("II*\0\x08\0\0\0")],
    ["TIFF, big-endian", latin1("MM\0*\0\0\0\x08")],
    ["a real TIFF", testImage("png").then((bytes) => sharp(bytes).tiff().toBuffer())],
    ["ICO", latin1("\0\0\x01\0\x01\0\x10\x10")],
    ["JPEG XL", latin1("\0\0\0\x0cJXL \r\n\x87\n")],
    ["JPEG 2000", latin1("\0\0\0\x0cjP  \r\n\x87\n")],
    ["WAV", latin1("RIFF\0\0\0\0WAVEfmt ")],
    ["an archive", zip()],
    ["text", latin1("hello")],
    ["text with names of formats", latin1("PNG GIF89a RIFF ftypavif")],
    ["no bytes", Buffer.alloc(0)],
    ["white space before an image", testImage("png").then((bytes) => Buffer.concat([latin1(" "), bytes]))],
  ])("formatOf returns undefined for %s", async (_, bytes) => {
    expect(formatOf(await bytes)).toBeUndefined();
  });

  it("formatOf returns undefined for truncated signatures", async () => {
    for (const format of imageFormats) {
      const bytes = await testImage(format);
      for (let length = 0; length < 40; length++)
        expect([undefined, format]).toContain(formatOf(bytes.subarray(0, length)));
      expect(formatOf(bytes.subarray(0, 2))).toBeUndefined();
    }
  });

  it("formatOf returns a format or undefined for arbitrary bytes", () => {
    const starts = fc.constantFrom("", "\xff\xd8\xff", "RIFF", "GIF8", "\0\0\0\x20ftyp", "\xff\xff\xff\xffftypavif");
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 80 }), (start, rest) => {
        const bytes = Buffer.concat([latin1(start), rest]);
        expect([undefined, ...imageFormats]).toContain(formatOf(bytes));
      }),
      { numRuns: 1_000 },
    );
  });
});
