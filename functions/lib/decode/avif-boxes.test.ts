// Animated AVIF: its brands, its still image, and frames that are cut off.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { animation, testImage } from "../../images/test-images.fixture.ts";
import { hasStillImage, isAnimatedAvif, isCompleteAvif, withStillBrand } from "./avif-boxes.ts";

describe("avif-boxes", () => {
  it("isAnimatedAvif detects the brand avis, also as a compatible brand only", async () => {
    const animated = await animation("avif");
    expect(isAnimatedAvif(animated)).toBe(true);
    expect(isAnimatedAvif(withStillBrand(animated))).toBe(true);
    expect(isAnimatedAvif(await testImage("avif"))).toBe(false);
  });

  it("isCompleteAvif accepts a whole file, and data behind it", async () => {
    for (const bytes of [await animation("avif"), await testImage("avif")]) {
      expect(isCompleteAvif(bytes)).toBe(true);
      expect(isCompleteAvif(Buffer.concat([bytes, Buffer.alloc(20)]))).toBe(true);
    }
  });

  it("isCompleteAvif rejects an animation that is cut off anywhere in its frames", async () => {
    const bytes = await animation("avif");
    const frames = bytes.indexOf("mdat") + 12;
    for (let length = frames; length < bytes.length; length++)
      expect(isCompleteAvif(bytes.subarray(0, length))).toBe(false);
  });

  it("hasStillImage is false when the box meta is missing", async () => {
    const bytes = Buffer.from(await animation("avif"));
    expect(hasStillImage(bytes)).toBe(true);
    bytes.write("free", bytes.indexOf("meta"), "latin1");
    expect(hasStillImage(bytes)).toBe(false);
  });

  it("withStillBrand changes the major brand avis in a copy, and no other file", async () => {
    const bytes = await animation("avif");
    const still = withStillBrand(bytes);
    expect(Buffer.from(still.subarray(8, 12)).toString()).toBe("avif");
    expect(bytes.toString("latin1", 8, 12)).toBe("avis");
    for (const other of [await testImage("avif"), await testImage("png"), Buffer.alloc(0)])
      expect(withStillBrand(other)).toBe(other);
  });

  it("every function reads arbitrary bytes without an error", () => {
    const starts = fc.constantFrom("", "\0\0\0\x20ftypavis", "\0\0\0\x01ftypavis", "\0\0\0\0ftypavis");
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        const bytes = Buffer.concat([Buffer.from(start, "latin1"), rest]);
        for (const read of [isAnimatedAvif, isCompleteAvif, hasStillImage]) expect(read(bytes)).toBeTypeOf("boolean");
        expect(withStillBrand(bytes)).toHaveLength(bytes.length);
      }),
    );
  });
});
