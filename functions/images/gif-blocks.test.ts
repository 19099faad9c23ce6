// Whether a GIF is whole, which its decoder tells of the first frame only.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCompleteGif } from "./gif-blocks.ts";
import { gifWithComment } from "./hostile-images.fixture.ts";
import { animation, testImage } from "./test-images.fixture.ts";

describe("a GIF", () => {
  it("is whole with one frame, with several, with a comment, and with more after its end", async () => {
    for (const bytes of [await testImage("gif"), await animation("gif"), await gifWithComment("hello")]) {
      expect(isCompleteGif(bytes)).toBe(true);
      expect(isCompleteGif(Buffer.concat([bytes, Buffer.from("more")]))).toBe(true);
    }
  });

  it("is not whole when it is cut anywhere", async () => {
    for (const bytes of [await testImage("gif"), await animation("gif"), await gifWithComment("hello")]) {
      const lengths = Array.from({ length: bytes.length }, (_, length) => length);
      expect(lengths.filter((length) => isCompleteGif(bytes.subarray(0, length)))).toEqual([]);
    }
  });

  it("is judged whatever its bytes, and never thrown about", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
        expect(isCompleteGif(Buffer.concat([Buffer.from("GIF89a"), rest]))).toBeTypeOf("boolean");
      }),
    );
  });
});
