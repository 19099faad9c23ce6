// The inflated size of a PNG's compressed texts: by kind of chunk, hostile data and arbitrary bytes.
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { textBomb } from "../../images/costly-images.fixture.ts";
import { pngChunk } from "../../images/hostile-images.fixture.ts";
import { testImage } from "../../images/test-images.fixture.ts";
import { inflatedTextBytes } from "./png-text.ts";

const LIMIT = 8_000_000;
const withChunks = async (...chunks: Buffer[]) => {
  const png = await testImage("png");
  return Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);
};

describe("inflatedTextBytes", () => {
  it.each(["zTXt", "iTXt", "iCCP"] as const)("inflatedTextBytes adds up the %s chunks of a PNG", async (type) => {
    expect(await inflatedTextBytes(await textBomb(type, 3, 100_000), LIMIT)).toBe(300_000);
  });

  it.each(["zTXt", "iTXt", "iCCP"] as const)("inflatedTextBytes stops at the limit in %s chunks", async (type) => {
    for (const [chunks, bytesEach] of [
      [1, 9_000_000],
      [2, 7_900_000],
      [50, 7_900_000],
    ] as const) {
      const sum = await inflatedTextBytes(await textBomb(type, chunks, bytesEach), LIMIT);
      expect(sum).toBeGreaterThan(LIMIT);
      expect(sum).toBeLessThan(LIMIT + 10_000);
    }
  });

  it("inflatedTextBytes is 0 without compressed text", async () => {
    expect(await inflatedTextBytes(await testImage("png"), LIMIT)).toBe(0);
    const text = pngChunk("tEXt", Buffer.from("Comment\0hello"));
    expect(await inflatedTextBytes(await withChunks(text), LIMIT)).toBe(0);
    const uncompressed = pngChunk("iTXt", Buffer.from("Comment\0\0\0en\0Kommentar\0hello", "latin1"));
    expect(await inflatedTextBytes(await withChunks(uncompressed), LIMIT)).toBe(0);
  });

  it("inflatedTextBytes stays far below the limit for a PNG with a profile", async () => {
    const png = await sharp(await testImage("png"))
      .withIccProfile("p3", { attach: true })
      .png()
      .toBuffer();
    expect(await inflatedTextBytes(png, LIMIT)).toBeLessThan(LIMIT / 100);
  });

  it("inflatedTextBytes exceeds the limit for data that end in an error after many bytes", async () => {
    const bomb = await textBomb("zTXt", 1, 7_900_000);
    const cut = bomb.subarray(33, 33 + bomb.readUInt32BE(33)).subarray(8, -50);
    const broken = await withChunks(...Array.from({ length: 3 }, () => pngChunk("zTXt", cut)));
    expect(await inflatedTextBytes(broken, LIMIT)).toBeGreaterThan(LIMIT);
  });

  it("inflatedTextBytes exceeds the limit for a thousand empty texts, each of which takes a call of zlib", async () => {
    const empty = pngChunk("zTXt", Buffer.from("a\0\0"));
    expect(await inflatedTextBytes(await withChunks(...Array<Buffer>(2_000).fill(empty)), LIMIT)).toBeGreaterThan(
      LIMIT,
    );
  });

  it("inflatedTextBytes rejects a PNG with more than 100,000 chunks with UNPROCESSABLE_IMAGE", async () => {
    const chunks = Array<Buffer>(100_001).fill(pngChunk("tEXt", Buffer.alloc(0)));
    const rejected = inflatedTextBytes(await withChunks(...chunks), LIMIT);
    await expect(rejected).rejects.toMatchObject({
      code: "UNPROCESSABLE_IMAGE",
      message: expect.stringMatching(/chunks/),
    });
  });

  it("inflatedTextBytes returns a number for arbitrary chunks", async () => {
    const type = fc.constantFrom("zTXt", "iTXt", "iCCP", "IDAT");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(type, fc.uint8Array({ maxLength: 40 }))), fc.nat(60), async (chunks, cut) => {
        const body = Buffer.concat(chunks.map(([name, data]) => pngChunk(name, data)));
        const png = Buffer.concat([Buffer.alloc(8), body]);
        expect(await inflatedTextBytes(png.subarray(0, -cut || png.length), LIMIT)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
