// The names of formats that are not accepted, and files whose line ends were removed.
import sharp from "sharp";
import { expect, it } from "vitest";
import { type ImageFormat, imageFormats } from "./image-format.ts";
import { lacksLineEnds, otherFormatOf } from "./other-formats.ts";
import { testImage } from "./test-images.fixture.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

it.each<[string, string, Uint8Array | Promise<Uint8Array>]>([
  ["HEIC", "a photo of an iPhone", latin1("\0\0\0\x24ftypheic\0\0\0\0mif1MiHEmiafMiHBheic")],
  ["HEIC", "HEIF with a general major brand", latin1("\0\0\0\x18ftypmif1\0\0\0\0heicmif1")],
  ["a video", "MP4", latin1("\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41")],
  ["a video", "QuickTime", latin1("\0\0\0\x14ftypqt  \0\0\0\0qt  ")],
  ["a PDF document", "PDF", latin1("%PDF-1.7\n")],
  ["SVG", "an empty SVG", latin1("<svg/>")],
  ["SVG", "SVG", latin1('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  [
    "SVG",
    "SVG after declaration, doctype and comment",
    latin1('\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x -->\n<svg\n>'),
  ],
  ["TIFF or a camera's raw file", "TIFF", testImage("png").then((bytes) => sharp(bytes).tiff().toBuffer())],
  ["TIFF or a camera's raw file", "big-endian TIFF", latin1("MM\0*\0\0\0\x08")],
  ["BMP", "BMP", latin1("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0")],
  ["JPEG XL", "JPEG XL", latin1("\0\0\0\x0cJXL \r\n\x87\n")],
])("otherFormatOf returns %s for %s", async (name, _, bytes) => {
  expect(otherFormatOf(await bytes)?.name).toBe(name);
});

it.each([
  ["text", "hello"],
  ["HTML with an SVG in it", "<html><body><svg></svg>"],
  ["no bytes", ""],
])("otherFormatOf returns undefined for %s", (_, text) => {
  expect(otherFormatOf(latin1(text))).toBeUndefined();
});

/** Above the size from which the absence of line ends is no chance. */
const bigImage = (format: ImageFormat) => testImage(format, { width: 200, height: 150 });

/** What curl -d @file sends. */
const withoutLineEnds = (bytes: Uint8Array) => Buffer.from(bytes).filter((byte) => ![0x0a, 0x0d, 0].includes(byte));

it("lacksLineEnds detects a PNG and a large JPEG sent by curl -d", async () => {
  expect(lacksLineEnds(withoutLineEnds(await testImage("png")))).toBe(true);
  expect(lacksLineEnds(withoutLineEnds(await bigImage("jpeg")))).toBe(true);
});

it.each(imageFormats)("lacksLineEnds is false for a complete and for a small %s", async (format) => {
  const bytes = await bigImage(format);
  expect(bytes.byteLength).toBeGreaterThan(4_096);
  expect(lacksLineEnds(bytes)).toBe(false);
  expect(lacksLineEnds((await testImage(format)).subarray(0, 100))).toBe(false);
});
