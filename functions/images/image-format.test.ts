// Which bytes are a picture, and which are also something else.
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { gifWithComment, pngWithText, zip } from "./hostile-images.fixture.ts";
import { formatOf, imageFormats, polyglotTypeOf } from "./image-format.ts";
import { animation, cameraImage, testImage } from "./test-images.fixture.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

/** A file type box: its length, its name, the major brand, a version and the compatible brands. */
function ftyp(major: string, ...compatible: string[]): Buffer {
  const body = latin1(`ftyp${major}\0\0\0\0${compatible.join("")}`);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body, Buffer.from("\0\0\0\x08meta")]);
}

describe("a picture's format", () => {
  it.each(imageFormats)("is told by its bytes: %s", async (format) => {
    expect(formatOf(await testImage(format))).toBe(format);
  });

  it.each(["gif", "webp"] as const)("is told of an animation: %s", async (format) => {
    expect(formatOf(await animation(format))).toBe(format);
  });

  it.each([
    ["still", ftyp("avif", "avif", "mif1", "miaf")],
    ["sequence", ftyp("avis", "msf1", "miaf")],
    ["still that names AVIF as compatible only", ftyp("mif1", "miaf", "avif")],
    ["sequence that names AVIF as compatible only", ftyp("msf1", "miaf", "avis")],
  ])("is AVIF by its brands: %s", (_, bytes) => {
    expect(formatOf(bytes)).toBe("avif");
  });

  it.each<[string, Uint8Array | Promise<Uint8Array>]>([
    ["HEIC", ftyp("heic", "mif1", "heic")],
    ["HEIC with the word avif after its first box", Buffer.concat([ftyp("heic", "mif1"), latin1("avif")])],
    ["MP4", ftyp("isom", "isom", "iso2", "avc1", "mp41")],
    ["a box of no length", latin1("\0\0\0\0ftypavif\0\0\0\0")],
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
    ["text that names formats", latin1("PNG GIF89a RIFF ftypavif")],
    ["nothing", Buffer.alloc(0)],
    ["white space before a picture", testImage("png").then((bytes) => Buffer.concat([latin1(" "), bytes]))],
  ])("is undefined for %s", async (_, bytes) => {
    expect(formatOf(await bytes)).toBeUndefined();
  });

  it("is undefined for any start that is too short, and never thrown about", async () => {
    for (const format of imageFormats) {
      const bytes = await testImage(format);
      for (let length = 0; length < 40; length++)
        expect([undefined, format]).toContain(formatOf(bytes.subarray(0, length)));
      expect(formatOf(bytes.subarray(0, 2))).toBeUndefined();
    }
  });

  it("and its disguise are found or not for any bytes, and never thrown about", () => {
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

describe("a disguise", () => {
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
      "a ZIP with a comment",
      testImage("png").then((b) => Buffer.concat([b, zip(), Buffer.alloc(60_000)])),
    ],
    ["a web page", "a GIF with a script in a comment", gifWithComment("<script>alert(1)</script>")],
    ["a web page", "a GIF with a script in capitals", gifWithComment("<SCRIPT SRC=//x>")],
    ["a web page", "a PNG with PHP in a text chunk", pngWithText("<?php system($_GET[0]); ?>")],
    ["a web page", "a PNG with a frame", pngWithText("<iframe src=//x>")],
    ["a web page", "a JPEG with a page", jpegWith("<!DOCTYPE  html><html><body>")],
    ["a web page", "a JPEG with an html element alone", jpegWith("<html lang=en>")],
    ["a PDF document", "a JPEG with a PDF in its first 1,024 bytes", jpegWith("%PDF-1.4\n1 0 obj")],
  ])("is %s: %s", async (disguise, _, bytes) => {
    expect(polyglotTypeOf(await bytes)).toBe(disguise);
  });

  it.each(imageFormats)("is not seen in a plain picture: %s", async (format) => {
    expect(polyglotTypeOf(await testImage(format, { width: 300, height: 200 }))).toBeUndefined();
  });

  it.each<[string, Promise<Uint8Array>]>([
    ["a camera's metadata", cameraImage()],
    [
      "a PDF's name far into the file",
      testImage("jpeg").then((b) => Buffer.concat([b, Buffer.alloc(2_000), latin1("%PDF-")])),
    ],
    ["a second picture after the first", testImage("jpeg").then((bytes) => Buffer.concat([bytes, bytes]))],
    ["a film after the picture", testImage("jpeg").then((bytes) => Buffer.concat([bytes, ftyp("mp42", "isom")]))],
    ["four bytes that also end an archive", testImage("jpeg").then((b) => Buffer.concat([b, latin1("PK\x05\x06")]))],
    ["letters that could begin a page or a program", pngWithText("<htmL5> <?phpx <p> a < b")],
  ])("is not seen in %s", async (_, bytes) => {
    expect(polyglotTypeOf(await bytes)).toBeUndefined();
  });
});
