// Detection of truncated GIFs, which the decoder reports only for the first frame.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gifWithComment } from "../../images/hostile-images.fixture.ts";
import { animation, testImage } from "../../images/test-images.fixture.ts";
import { isCompleteGif, withTransparentCanvas } from "./gif-blocks.ts";

describe("isCompleteGif", () => {
  it("isCompleteGif accepts one frame, several frames, a comment, and data after the end", async () => {
    for (const bytes of [await testImage("gif"), await animation("gif"), await gifWithComment("hello")]) {
      expect(isCompleteGif(bytes)).toBe(true);
      expect(isCompleteGif(Buffer.concat([bytes, Buffer.from("more")]))).toBe(true);
    }
  });

  it("isCompleteGif rejects a GIF that is truncated at any byte", async () => {
    for (const bytes of [await testImage("gif"), await animation("gif"), await gifWithComment("hello")]) {
      const lengths = Array.from({ length: bytes.length }, (_, length) => length);
      expect(lengths.filter((length) => isCompleteGif(bytes.subarray(0, length)))).toEqual([]);
    }
  });

  it("isCompleteGif rejects a GIF of more than 100,000 blocks", async () => {
    const bytes = await testImage("gif");
    const comments = (count: number) => Buffer.from("21fe00".repeat(count), "hex");
    const withComments = (count: number) => Buffer.concat([bytes.subarray(0, -1), comments(count), bytes.subarray(-1)]);
    expect(isCompleteGif(withComments(90_000))).toBe(true);
    expect(isCompleteGif(withComments(100_000))).toBe(false);
  });

  it("isCompleteGif and withTransparentCanvas read arbitrary bytes without an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
        const bytes = Buffer.concat([Buffer.from("GIF89a"), rest]);
        expect(isCompleteGif(bytes)).toBeTypeOf("boolean");
        expect(withTransparentCanvas(bytes).length).toBeGreaterThanOrEqual(bytes.length);
      }),
    );
  });
});
