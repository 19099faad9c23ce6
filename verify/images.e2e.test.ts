// The owner uploads, a thumbnail appears, a link shows it to whoever receives it; and every way to be refused.
import { request } from "node:http";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageFormats } from "../functions/images/image-format.ts";
import { cornersOf, orientedImage, quarters, testImage, UPRIGHT } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type Library, openLibrary } from "./library.fixture.ts";
import { type ErrorBody, type Image, json } from "./responses.fixture.ts";

let backend: Backend;
let library: Library;
let owner: string;
let picture: Buffer;

beforeAll(async () => {
  backend = await startBackend({ MAX_UPLOAD_BYTES: String(1024 * 1024), MAX_IMAGE_PIXELS: "1000000" });
  owner = await backend.token("owner");
  library = openLibrary(backend.api, owner);
  picture = await testImage("png", { width: 600, height: 400 });
});
afterAll(() => backend.close());

/** Names of the originals stored so far; thumbnails come in their own time. */
const originals = () => backend.events.writes.filter(({ container }) => container === "images").map(({ name }) => name);

const upload = async (bytes: Uint8Array, name?: string) => {
  const answer = await library.upload(bytes, name);
  expect(answer.status).toBe(201);
  return json<Image>(answer);
};

describe("a picture", () => {
  it.each(imageFormats.flatMap((format) => [[format, "raw"] as const, [format, "form"] as const]))(
    "in %s, sent %s, is stored as it came and gets its thumbnail",
    async (format, way) => {
      const bytes = await quarters({ width: 600, height: 400 }).toFormat(format).toBuffer();
      const answer = await library.upload(bytes, way === "form" ? `photo.${format}` : undefined);
      expect(answer.status).toBe(201);
      const image = await json<Image>(answer);
      expect(answer.headers.get("location")).toBe(`/api/v1/images/${image.id}`);
      expect(image).toMatchObject({ contentType: `image/${format}`, size: bytes.byteLength, width: 600, height: 400 });
      const { status, thumbnail } = await library.settled(image.id);
      expect({ status, thumbnail }).toMatchObject({ status: "ready", thumbnail: { width: 256, height: 171 } });

      const original = await fetch((await library.link(image.id, "original")).url);
      expect(original.headers.get("content-type")).toBe(`image/${format}`);
      expect(Buffer.compare(Buffer.from(await original.arrayBuffer()), bytes)).toBe(0);
      const small = await fetch((await library.link(image.id, "thumbnail")).url);
      expect(small.headers.get("content-type")).toBe("image/webp");
      expect(small.headers.get("cache-control")).toContain("max-age=31536000");
      const shown = Buffer.from(await small.arrayBuffer());
      expect(await cornersOf(shown)).toEqual(UPRIGHT);
      expect(shown.byteLength).toBe(thumbnail?.size);
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("held as EXIF orientation %i stands upright, without its metadata", async (way) => {
    const image = await upload(await orientedImage({ width: 300, height: 200 }, way));
    expect(image).toMatchObject({ width: 300, height: 200 });
    expect(await library.settled(image.id)).toMatchObject({ thumbnail: { width: 256, height: 171 } });
    const { url } = await library.link(image.id, "thumbnail");
    const shown = Buffer.from(await (await fetch(url)).arrayBuffer());
    expect(await cornersOf(shown)).toEqual(UPRIGHT);
    expect((await sharp(shown).metadata()).exif).toBeUndefined();
  });

  it("of the same name twice is two images", async () => {
    const [one, two] = [await upload(picture, "same.png"), await upload(picture, "same.png")];
    expect(one.filename).toBe(two.filename);
    expect(one.id).not.toBe(two.id);
  });

  it.each([
    ["Bewerbungsfoto Zoë 日本.png", "Bewerbungsfoto Zoë 日本.png"],
    ["../../etc/passwd", "passwd.png"],
    ["C:\\Users\\me\\photo.PNG", "photo.PNG"],
    ["...", "image.png"],
  ])("named %s is kept as %s and opens by link", async (given, kept) => {
    const image = await upload(picture, given);
    expect(image.filename).toBe(kept);
    expect((await fetch((await library.link(image.id, "original")).url)).status).toBe(200);
  });

  it.each(["42", "true", "me@example.com"])("of an owner called %s gets its thumbnail too", async (name) => {
    const theirs = openLibrary(backend.api, await backend.token("owner", name));
    const { id } = await json<Image>(theirs.upload(picture));
    expect((await theirs.settled(id)).status).toBe("ready");
    expect((await fetch((await theirs.link(id, "thumbnail")).url)).status).toBe(200);
  });

  it("with a name of 300 bytes keeps 255 of them, ending and all", async () => {
    const { filename } = await upload(picture, `${"é".repeat(150)}.png`);
    expect(Buffer.byteLength(filename)).toBeLessThanOrEqual(255);
    expect(filename).toMatch(/^é+\.png$/);
  });
});

describe("what is refused", () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>';
  const cases: [string, () => Buffer | Promise<Buffer>, number, string][] = [
    ["nothing", () => Buffer.alloc(0), 400, "VALIDATION_FAILED"],
    ["an SVG", () => Buffer.from(svg), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a PDF", () => Buffer.from("%PDF-1.7\n%âãÏÓ"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["a page", () => Buffer.from("<!doctype html><title>x</title>"), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["half a picture", () => picture.subarray(0, picture.length / 2), 422, "UNPROCESSABLE_IMAGE"],
    ["a picture that is also a page", () => Buffer.concat([picture, Buffer.from(svg)]), 422, "UNPROCESSABLE_IMAGE"],
    ["too many pixels", () => testImage("png", { width: 1_001, height: 1_000 }), 422, "UNPROCESSABLE_IMAGE"],
    ["too many bytes", () => Buffer.concat([picture, Buffer.alloc(1024 * 1024)]), 413, "PAYLOAD_TOO_LARGE"],
  ];
  it.each(cases)("%s, and nothing is stored", async (_, make, status, code) => {
    const before = originals();
    for (const name of [undefined, "a.png"]) {
      const answer = await library.upload(await make(), name);
      expect(answer.status).toBe(status);
      expect((await json<ErrorBody>(answer)).error.code).toBe(code);
    }
    expect(originals()).toEqual(before);
  });

  it("a body that is neither a form nor a picture, and a form without its file", async () => {
    const text = await library.call("/v1/images", { method: "POST", body: "hello" });
    expect(text.status).toBe(415);
    const form = new FormData();
    form.set("picture", new Blob([new Uint8Array(picture)]), "a.png");
    expect((await library.call("/v1/images", { method: "POST", body: form })).status).toBe(400);
  });

  it.each([
    ["an unknown variant", { variant: "huge" }],
    ["59 seconds", { variant: "original", expiresIn: 59 }],
    ["more than six days", { variant: "original", expiresIn: 6 * 86_400 + 1 }],
    ["half a second", { variant: "original", expiresIn: 60.5 }],
    ["an unknown field", { variant: "original", permissions: "rw" }],
    ["no image", { variant: "original", imageId: "1" }],
  ])("a link for %s", async (_, asked) => {
    const body = JSON.stringify({ imageId: crypto.randomUUID(), ...asked });
    const headers = { "content-type": "application/json" };
    const answer = await library.call("/v1/sas", { method: "POST", headers, body });
    expect(answer.status).toBe(400);
    expect((await json<ErrorBody>(answer)).error.code).toBe("VALIDATION_FAILED");
  });

  it("whoever has no token, too small a role, or another's image", async () => {
    const { id } = await upload(picture);
    expect((await fetch(`${backend.api}/v1/images/${id}`)).status).toBe(401);
    const viewer = openLibrary(backend.api, await backend.token("viewer"));
    expect((await viewer.upload(picture)).status).toBe(403);
    const stranger = openLibrary(backend.api, await backend.token("owner", "stranger"));
    expect((await stranger.call(`/v1/images/${id}`)).status).toBe(404);
    const body = JSON.stringify({ imageId: id, variant: "original" });
    const headers = { "content-type": "application/json" };
    expect((await stranger.call("/v1/sas", { method: "POST", headers, body })).status).toBe(404);
  });

  it("more bytes than a body declared or may have, without reading them", async () => {
    const sent = await new Promise<{ status: number | undefined; bytes: number }>((resolve, reject) => {
      let bytes = 0;
      let over = false;
      const outgoing = request(`${backend.api}/v1/images`, {
        method: "POST",
        headers: { authorization: `Bearer ${owner}`, "content-type": "image/png", "transfer-encoding": "chunked" },
      });
      outgoing.on("response", ({ statusCode }) => {
        over = true;
        resolve({ status: statusCode, bytes });
        outgoing.destroy();
      });
      outgoing.on("error", (error) => over || reject(error));
      const chunk = Buffer.alloc(64 * 1024, 0x89);
      const more = () => {
        while (!over && bytes < 200 * 1024 * 1024) {
          bytes += chunk.length;
          if (!outgoing.write(chunk)) return void outgoing.once("drain", more);
        }
      };
      more();
    });
    expect(sent.status).toBe(413);
    expect(sent.bytes).toBeLessThan(20 * 1024 * 1024);
  });

  it("a client that goes away half way: nothing is stored and the next one is served", async () => {
    const before = originals();
    await new Promise<void>((resolve) => {
      const outgoing = request(`${backend.api}/v1/images`, {
        method: "POST",
        headers: { authorization: `Bearer ${owner}`, "content-type": "image/png", "content-length": picture.length },
      });
      outgoing.on("error", () => resolve());
      outgoing.write(picture.subarray(0, 100), () => outgoing.destroy());
    });
    const image = await upload(picture);
    await library.settled(image.id);
    expect(originals()).toEqual([...before, expect.stringContaining(image.id)]);
  });
});
