// What an upload needs, by its bytes: files of the encoders that are in use, hostile ones and arbitrary ones.
import fc from "fast-check";
import sharp, { type Metadata } from "sharp";
import { describe, expect, it } from "vitest";
import type { AppError } from "../lib/errors.ts";
import { pngChunk } from "./hostile-images.fixture.ts";
import { type ImageFormat, imageFormats } from "./image-format.ts";
import { planOptimisation } from "./optimise-plan.ts";
import { hasWideColours, isPlainAvif } from "./strip-avif.ts";
import { stripGif } from "./strip-gif.ts";
import { isPlainJpeg } from "./strip-jpeg.ts";
import { stripPng } from "./strip-png.ts";
import { stripWebp } from "./strip-webp.ts";
import { animation, cameraImage, testImage } from "./test-images.fixture.ts";

/** Whether a file has nothing but the image, as the plan sees it. */
const isPlain: Record<ImageFormat, (bytes: Buffer) => boolean> = {
  jpeg: isPlainJpeg,
  png: (bytes) => stripPng(bytes)?.bytes.length === bytes.length,
  webp: (bytes) => stripWebp(bytes).equals(bytes),
  avif: isPlainAvif,
  gif: (bytes) => stripGif(bytes).equals(bytes),
};
const planOf = async (bytes: Buffer, format: ImageFormat) =>
  planOptimisation(bytes, format, { header: await sharp(bytes).metadata(), options: { quality: "high" } });
const box = (type: string, data: Buffer) => {
  const head = Buffer.from(`\0\0\0\0${type}`, "latin1");
  head.writeUInt32BE(data.length + 8);
  return Buffer.concat([head, data]);
};
/** Code points of BT.2020 primaries and the transfer function PQ, and those of sRGB. */
const HDR = box("colr", Buffer.from("6e636c780009001000090080", "hex"));
const SRGB = box("colr", Buffer.from("6e636c780001000d00060080", "hex"));
const avifWith = (properties: Buffer) =>
  box("meta", Buffer.concat([Buffer.alloc(4), box("iprp", box("ipco", properties))]));
const withPngChunk = async (type: string, data: Buffer) => {
  const png = await testImage("png");
  return Buffer.concat([png.subarray(0, 33), pngChunk(type, data), png.subarray(33)]);
};

describe("a file without metadata", () => {
  it.each(imageFormats)("a %s of an encoder counts as plain, and with one byte behind it does not", async (format) => {
    const bytes = await testImage(format);
    expect(isPlain[format](bytes)).toBe(true);
    expect(isPlain[format](Buffer.concat([bytes, Buffer.of(0)]))).toBe(false);
  });

  it("a progressive JPEG and an animated WebP count as plain", async () => {
    const progressive = sharp(await testImage("png")).jpeg({ progressive: true });
    expect(isPlainJpeg(await progressive.toBuffer())).toBe(true);
    expect(isPlain.webp(await animation("webp"))).toBe(true);
  });

  it.each(["jpeg", "png", "webp", "avif"] as const)("a %s with EXIF data does not count as plain", async (format) => {
    const image = sharp(await testImage("png")).withExif({ IFD0: { Make: "Vitae" } });
    expect(isPlain[format](await image.toFormat(format).toBuffer())).toBe(false);
  });

  it.each(["zTXt", "iTXt", "eXIf", "tIME", "caBX"])("a PNG with a chunk %s does not count as plain", async (type) => {
    expect(isPlain.png(await withPngChunk(type, Buffer.from("a")))).toBe(false);
  });

  it("a GIF with a second block of data in its graphic control extension does not count as plain", async () => {
    const gif = await animation("gif");
    const end = gif.indexOf(Buffer.of(0x21, 0xf9, 4)) + 7;
    const hidden = Buffer.concat([gif.subarray(0, end), Buffer.from("\x06secret"), gif.subarray(end)]);
    expect(stripGif(hidden).includes("secret")).toBe(false);
  });

  it("a PNG with a long or repeated declaration does not count as plain", async () => {
    // sharp writes one already.
    expect(isPlain.png(await withPngChunk("pHYs", Buffer.alloc(9)))).toBe(false);
    expect(isPlain.png(await withPngChunk("bKGD", Buffer.alloc(6)))).toBe(true);
    expect(isPlain.png(await withPngChunk("bKGD", Buffer.alloc(900)))).toBe(false);
  });
});

describe("planOptimisation", () => {
  it("keeps an animated PNG whose comment contains the name of a later chunk", async () => {
    const animated = await withPngChunk("acTL", Buffer.alloc(8));
    const upload = Buffer.concat([
      animated.subarray(0, 33),
      pngChunk("tEXt", Buffer.from("a\0IDAT")),
      animated.subarray(33),
    ]);
    // A still of this width would be scaled.
    const header = { ...(await sharp(upload).metadata()), width: 4_000 };
    const plan = planOptimisation(upload, "png", { header, options: { quality: "high" } });
    expect(plan).toEqual({ kind: "strip", bytes: animated });
  });

  it("converts a still PNG whose comment contains the name of an animation's chunk", async () => {
    const upload = await withPngChunk("tEXt", Buffer.from("a\0acTL cICP"));
    const given = { header: await sharp(upload).metadata(), options: { quality: "high", format: "webp" } } as const;
    expect(planOptimisation(upload, "png", given)).toMatchObject({ kind: "encode", format: "webp" });
  });

  it("strips a PNG that declares its gamma, because an encoder would lose it, and rejects to scale an HDR one", async () => {
    const gamma = await withPngChunk("gAMA", Buffer.from("0000ffff", "hex"));
    expect(await planOf(gamma, "png")).toEqual({ kind: "strip", bytes: gamma });
    const hdr = await withPngChunk("cICP", Buffer.from("09100001", "hex"));
    expect(await planOf(hdr, "png")).toMatchObject({ kind: "strip" });
    const header = { ...(await sharp(hdr).metadata()), width: 4_000 };
    const plan = () => planOptimisation(hdr, "png", { header, options: { quality: "high" } });
    expect(plan).toThrow(
      expect.objectContaining({ code: "UNPROCESSABLE_IMAGE", message: expect.stringMatching(/HDR/) }),
    );
  });

  it("rejects an AVIF whose code points declare another colour space", async () => {
    const bytes = await testImage("avif");
    expect(await planOf(bytes, "avif")).toMatchObject({ kind: "encode", instead: bytes });
    const header = await sharp(bytes).metadata();
    const plan = () => planOptimisation(avifWith(HDR), "avif", { header, options: { quality: "high" } });
    expect(plan).toThrow(expect.objectContaining({ code: "UNPROCESSABLE_IMAGE" }));
  });

  it("returns a plan or an error for the client, whatever the bytes behind a header are", async () => {
    const wholes = await Promise.all([
      ...imageFormats.map((format) => testImage(format)),
      cameraImage(),
      animation("webp"),
    ]);
    const headers = await Promise.all(wholes.map((bytes) => sharp(bytes).metadata()));
    const formats = [...imageFormats, "jpeg", "webp"] as const;
    fc.assert(
      fc.property(
        fc.nat(wholes.length - 1),
        fc.nat(),
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(60),
        (kind, at, noise, cut) => {
          const bytes = Buffer.from(wholes[kind] as Buffer);
          bytes.set(noise.subarray(0, bytes.length - (at % bytes.length)), at % bytes.length);
          const format = formats[kind] as ImageFormat;
          const given = { header: headers[kind] as Metadata, options: { quality: "high" } as const };
          // A GIF is complete when it comes here.
          const upload = format === "gif" ? (wholes[kind] as Buffer) : bytes.subarray(0, bytes.length - cut);
          try {
            expect(planOptimisation(upload, format, given).kind).toMatch(/strip|encode/);
          } catch (error) {
            expect((error as AppError).code).toBe("UNPROCESSABLE_IMAGE");
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("hasWideColours", () => {
  it.each<[string, Buffer]>([
    ["a box up to the end of the file", Buffer.from("\0\0\0\0mdatab", "latin1")],
    ["a box with a size of 64 bits", Buffer.from("\0\0\0\x01mdat\0\0\0\0\0\0\0\x12ab", "latin1")],
    ["bytes behind the image", Buffer.alloc(3)],
  ])("reads the code points of an AVIF with %s", (_, rest) => {
    expect(hasWideColours(Buffer.concat([avifWith(SRGB), rest]))).toBe(false);
    expect(hasWideColours(Buffer.concat([avifWith(HDR), rest]))).toBe(true);
  });

  it("is true where properties cannot be read, or could be read in two ways", () => {
    expect(hasWideColours(avifWith(Buffer.concat([SRGB, Buffer.alloc(3)])))).toBe(true);
    expect(hasWideColours(Buffer.concat([avifWith(SRGB), avifWith(SRGB)]))).toBe(true);
  });
});

describe("the walk of a hostile file", () => {
  const words = (...values: number[]) =>
    Buffer.concat(values.map((value) => Buffer.from(Uint32Array.of(value).buffer)));

  it.each(["a still WebP", "a frame of a WebP"])("rejects more than 30,000 chunks of %s", async (kind) => {
    const webp = kind === "a still WebP" ? await testImage("webp") : await animation("webp");
    const empty = Buffer.concat(Array<Buffer>(30_001).fill(Buffer.from("none\0\0\0\0", "latin1")));
    const frame = Buffer.concat([Buffer.from("ANMF"), words(16 + empty.length), Buffer.alloc(16)]);
    const hostile = Buffer.concat([webp, kind === "a still WebP" ? empty : Buffer.concat([frame, empty])]);
    hostile.writeUInt32LE(hostile.length - 8, 4);
    const header = await sharp(webp).metadata();
    const plan = () => planOptimisation(hostile, "webp", { header, options: { quality: "high" } });
    expect(plan).toThrow(
      expect.objectContaining({ code: "UNPROCESSABLE_IMAGE", message: expect.stringContaining("30000 chunks") }),
    );
  });

  it("rejects more than 1,000 boxes of an AVIF", async () => {
    const avif = await testImage("avif");
    const hostile = Buffer.concat([avif, ...Array<Buffer>(1_000).fill(Buffer.from("\0\0\0\x08free", "latin1"))]);
    await expect(planOf(hostile, "avif")).rejects.toMatchObject({
      code: "UNPROCESSABLE_IMAGE",
      message: expect.stringContaining("1000 boxes"),
    });
  });
});
