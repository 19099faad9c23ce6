// What the intake accepts and how it is stored, against Azurite.
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { contentTypes, imageFormats } from "./image-format.ts";
import { newOwner, openIntake, propertiesOf, storedBy } from "./intake.fixture.ts";
import { animation, cameraImage, testImage } from "./test-images.fixture.ts";

const { intake, records, originals } = openIntake();
const take = (bytes: Uint8Array, filename: string | undefined = "x.png", owner = newOwner()) =>
  intake.accept({ owner, filename, bytes });

describe("an accepted picture", () => {
  it("is counted once, by its format; one that is refused is not", async () => {
    const measured: unknown[] = [];
    const { intake } = openIntake({ meter: { measure: (...given) => void measured.push(given) } });
    await intake.accept({ owner: newOwner(), filename: "a", bytes: await testImage("webp") });
    await expect(intake.accept({ owner: newOwner(), filename: "a", bytes: Buffer.from("no") })).rejects.toThrow();
    expect(measured).toEqual([["uploads", 1, { format: "webp" }]]);
  });

  it.each(imageFormats)("is stored as it came, with its type, and its record is pending: %s", async (format) => {
    const bytes = await testImage(format);
    const owner = newOwner();
    const record = await take(bytes, "Me, 2026.xyz", owner);
    const extension = format === "jpeg" ? "jpg" : format;
    expect(record).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      owner,
      filename: `Me, 2026.xyz.${extension}`,
      contentType: contentTypes[format],
      size: bytes.length,
      width: 80,
      height: 60,
      status: "pending",
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect(await records.find(owner, record.id)).toEqual(record);
    const name = `${owner}/${record.id}/Me, 2026.xyz.${extension}`;
    expect(await storedBy(owner)).toEqual({ records: [record.id], blobs: [name] });
    expect((await originals.read(name))?.bytes).toEqual(bytes);
    expect(await propertiesOf(name)).toMatchObject({
      contentType: contentTypes[format],
      cacheControl: "private, max-age=31536000, immutable",
      metadata: { image: record.id },
    });
  });

  it.each(["gif", "webp"] as const)("may be an animation, whose size is that of a frame: %s", async (format) => {
    expect(await take(await animation(format))).toMatchObject({ width: 40, height: 30, status: "pending" });
  });

  it("keeps what a camera wrote into it, since it is the owner's", async () => {
    const bytes = await cameraImage(1);
    const { owner, id, filename } = await take(bytes);
    expect((await originals.read(`${owner}/${id}/${filename}`))?.bytes).toEqual(bytes);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("has the size that is shown: orientation %i", async (orientation) => {
    const [width, height] = orientation < 5 ? [80, 60] : [60, 80];
    expect(await take(await cameraImage(orientation))).toMatchObject({ width, height });
  });

  it.each([
    ["of one pixel", { width: 1, height: 1 }],
    ["of one line", { width: 3_000, height: 1 }],
    ["of one column", { width: 1, height: 3_000 }],
  ])("may be %s", async (_, size) => {
    // Encoders of AVIF differ in what they make of less than 16 pixels.
    for (const format of imageFormats)
      if (format !== "avif") expect(await take(await testImage(format, size))).toMatchObject(size);
  });

  it.each<[string, (png: Sharp) => Promise<Buffer>]>([
    ["a progressive JPEG", (png) => png.jpeg({ progressive: true }).toBuffer()],
    ["a CMYK JPEG", (png) => png.toColourspace("cmyk").jpeg().toBuffer()],
    ["a grey JPEG", (png) => png.greyscale().jpeg().toBuffer()],
    ["an interlaced PNG", (png) => png.png({ progressive: true }).toBuffer()],
    ["a PNG of 16 bits", (png) => png.toColourspace("rgb16").png().toBuffer()],
    ["a PNG with a palette", (png) => png.png({ palette: true }).toBuffer()],
    ["a lossless WebP", (png) => png.webp({ lossless: true }).toBuffer()],
    ["an AVIF of 10 bits", (png) => png.avif({ bitdepth: 10 }).toBuffer()],
  ])("may be %s", async (_, make) => {
    const bytes = await make(sharp(await testImage("png")));
    expect(await take(bytes)).toMatchObject({ width: 80, height: 60 });
  });

  it("of the same name as another, at the same time, is another image", async () => {
    const owner = newOwner();
    const bytes = await testImage("png");
    const both = await Promise.all([take(bytes, "a.png", owner), take(bytes, "a.png", owner)]);
    const ids = both.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    const left = await storedBy(owner);
    expect(left.records.sort()).toEqual(ids.sort());
    expect(left.blobs.sort()).toEqual(ids.map((id) => `${owner}/${id}/a.png`));
  });

  it.each([
    "../../../etc/passwd",
    "..",
    "a\r\nx-ms-meta-a: b",
    `${"é".repeat(300)}.png`,
    "\u202egnp.exe",
    "?sig=x#y%2F",
  ])("cannot leave its place by its name: %j", async (filename) => {
    const owner = newOwner();
    const record = await take(await testImage("png"), filename, owner);
    expect((await storedBy(owner)).blobs).toEqual([`${owner}/${record.id}/${record.filename}`]);
    expect(record.filename).toMatch(/^[^/\\\p{Cc}\p{Cf}?#%]+\.png$/u);
  });
});
