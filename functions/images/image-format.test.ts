// Detection of image formats and polyglots.
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { gifWithComment, pngWithText, zip } from "./hostile-images.fixture.ts";
import { formatOf, imageFormats, polyglotTypeOf } from "./image-format.ts";
import { animation, cameraImage, testImage } from "./test-images.fixture.ts";

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

  it("formatOf returns a format or undefined for arbitrary bytes, as does polyglotTypeOf", () => {
    const starts = fc.constantFrom("", "\xff\xd8\xff", "RIFF", "GIF8", "\0\0\0\x20ftyp", "\xff\xff\xff\xffftypavif");
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 80 }), (start, rest) => {
        const bytes = Buffer.concat([latin1(start), rest]);
        expect([undefined, ...imageFormats]).toContain(formatOf(bytes));
        polyglotTypeOf(bytes);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("polyglotTypeOf", () => {
  const jpegWith = async (comment: string) => {
    const bytes = await testImage("jpeg");
    const text = latin1(comment);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(text.length + 2);
    return Buffer.concat([bytes.subarray(0, 2), Buffer.from([0xff, 0xfe]), length, text, bytes.subarray(2)]);
  };

  it.each<[string, string, Promise<Uint8Array>]>([
    ["an archive", "a JPEG with a ZIP after it", testImage("jpeg").then((bytes) => Buffer.concat([bytes, zip()]))],
    [
      "an archive",
      "a PNG with a ZIP that has a long comment",
      testImage("png").then((b) => Buffer.concat([b, zip(), Buffer.alloc(60_000)])),
    ],
    ["a web page", "a GIF with a script in a comment", gifWithComment("<script>alert(1)</script>")],
    ["a web page", "a GIF with a script in capitals", gifWithComment("<SCRIPT SRC=//x>")],
    ["a web page", "a PNG with PHP in a text chunk", pngWithText("<?php system($_GET[0]); ?>")],
    ["a web page", "a PNG with a frame", pngWithText("<iframe src=//x>")],
    ["a web page", "a JPEG with an HTML document in a comment", jpegWith("<!DOCTYPE  html><html><body>")],
    ["a web page", "a JPEG with an html element in a comment", jpegWith("<html lang=en>")],
    ["a PDF document", "a JPEG with a PDF in its first 1,024 bytes", jpegWith("%PDF-1.4\n1 0 obj")],
  ])("polyglotTypeOf returns %s for %s", async (type, _, bytes) => {
    expect(polyglotTypeOf(await bytes)).toBe(type);
  });

  it.each(imageFormats)("polyglotTypeOf returns undefined for a plain %s", async (format) => {
    expect(polyglotTypeOf(await testImage(format, { width: 300, height: 200 }))).toBeUndefined();
  });

  it.each<[string, Promise<Uint8Array>]>([
    ["an image with a camera's metadata", cameraImage()],
    [
      "a PDF signature after the first 1,024 bytes",
      testImage("jpeg").then((b) => Buffer.concat([b, Buffer.alloc(2_000), latin1("%PDF-")])),
    ],
    ["an image with a second image after it", testImage("jpeg").then((bytes) => Buffer.concat([bytes, bytes]))],
    ["an image with a video after it", testImage("jpeg").then((bytes) => Buffer.concat([bytes, ftyp("mp42", "isom")]))],
    [
      "an image that ends with the four bytes of a ZIP end record",
      testImage("jpeg").then((b) => Buffer.concat([b, latin1("PK\x05\x06")])),
    ],
    ["text that resembles HTML and PHP tags", pngWithText("<htmL5> <?phpx <p> a < b")],
  ])("polyglotTypeOf returns undefined for %s", async (_, bytes) => {
    expect(polyglotTypeOf(await bytes)).toBeUndefined();
  });
});
