// PATCH /v1/images/{id} through the boundary, against Azurite: what it stores, and which changes conflict.
import { randomUUIDv7 } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";
import { startTableProxy } from "../lib/test-services.fixture.ts";
import type { GalleryRows } from "./gallery-rows.ts";
import { createImageRecords } from "./image-records.ts";
import { exampleImage } from "./image-response.ts";
import { newOwner, openIntake, openTable } from "./intake.fixture.ts";
import { openPublisher } from "./publisher.fixture.ts";
import type { Publisher } from "./publisher.ts";
import { readImage } from "./read.ts";
import { updateImage } from "./update.ts";

const { originals, records } = openIntake();
const { published, publisher, rows } = openPublisher(records);
type Deps = {
  images: ImageRecords;
  originals: typeof originals;
  galleryRows: Pick<GalleryRows, "isFull">;
  publisher: Publisher;
  siteUrl: string;
  authenticate(): Promise<{ subject: string; role: "editor" }>;
  issueLink(): Promise<never>;
};
const route = routesFor<Deps>();
const readRoute = route("image-read", "GET", "/v1/images/{id:guid}", "images:read", "none", readImage);
const updateRoute = route("image-update", "PATCH", "/v1/images/{id:guid}", "images:write", "none", updateImage);
let record: ImageRecord;
let images: ImageRecords;

let galleryRows: Pick<GalleryRows, "isFull">;
const deps = () => ({
  images,
  originals,
  galleryRows,
  publisher,
  siteUrl: "https://site.example.com/",
  authenticate: async () => ({ subject: record.owner, role: "editor" as const }),
  issueLink: () => Promise.reject(new Error("unused")),
});
const params = () => ({ id: record.id });
async function read() {
  const { headers, text } = await invoke(readRoute, deps(), { params: params() });
  return { etag: headers.get("etag") ?? "", image: JSON.parse(text) };
}
async function update(body: unknown, ifMatch: string | undefined, call = {}) {
  const headers = { "content-type": "application/json", ...(ifMatch !== undefined && { "if-match": ifMatch }) };
  const init = { method: "PATCH", params: params(), headers, body: JSON.stringify(body), ...call };
  return invoke(updateRoute, deps(), init);
}

beforeEach(async () => {
  images = records;
  galleryRows = rows;
  record = { ...exampleImage, id: randomUUIDv7(), owner: newOwner() };
  await images.create(record);
});

describe("updateImage", () => {
  it("stores normalised values, returns them with the ETag of the next read, and null clears", async () => {
    const { etag, image } = await read();
    const body = { description: " At sea ", alt: "", tags: ["  CAFE\u0301 ", "café", "İ", "a b"] };
    const updated = await update(body, etag);
    expect(updated.status).toBe(200);
    const stored = { ...image, description: "At sea", alt: "", tags: ["café", "i\u0307", "a b"] };
    expect(JSON.parse(updated.text)).toEqual(stored);
    expect(await read()).toEqual({ etag: updated.headers.get("etag"), image: stored });
    await update({ alt: "Ada" }, updated.headers.get("etag") ?? "");
    const { image: changed, etag: latest } = await read();
    expect(changed).toEqual({ ...stored, alt: "Ada" });
    await update({ description: null, alt: null, tags: null }, latest);
    expect(await read()).toEqual({ etag, image });
  });

  it("publishes and withdraws, of which each is a conflict for another change, and shows the URLs of a public image", async () => {
    const variants = [{ name: "256.webp", format: "webp" as const, width: 256, height: 171, size: 9 }];
    await images.change(record.owner, record.id, () => ({ status: "ready", variants }));
    const { etag } = await read();
    const response = await update({ visibility: "public", alt: "Ada" }, etag, {
      params: { id: record.id.toUpperCase() },
    });
    const url = `https://site.example.com/images/${record.id}/256.webp`;
    expect(JSON.parse(response.text)).toMatchObject({ visibility: "public", variants: [{ url }] });
    // The variant itself does not exist here, so nothing is copied.
    expect(await published(record.id)).toMatchObject({ copies: [], row: { owner: record.owner } });
    expect((await update({ visibility: "private" }, etag)).status).toBe(412);
    const { etag: latest } = await read();
    const { text } = await update({ visibility: "private" }, latest);
    expect(JSON.parse(text)).toMatchObject({ visibility: "private", alt: "Ada" });
    expect(text).not.toContain("site.example.com");
    expect(await published(record.id)).toEqual({ copies: [], row: undefined });
  });

  it("leaves no row behind when the change is rejected", async () => {
    expect((await update({ visibility: "public" }, '"x"')).status).toBe(412);
    expect((await published(record.id)).row).toBeUndefined();
  });

  it("rejects the 1,001st public image with CONFLICT, and changes a public one", async () => {
    galleryRows = { isFull: async () => true };
    expect((await update({ visibility: "public" }, "*")).error().code).toBe("CONFLICT");
    await images.change(record.owner, record.id, () => ({ visibility: "public" }));
    expect((await update({ visibility: "public", alt: "a" }, "*")).status).toBe(200);
    expect((await update({ visibility: "private" }, "*")).status).toBe(200);
  });

  it("rejects a change without If-Match with 428, and one with the ETag of an older read with 412", async () => {
    const { etag } = await read();
    expect((await update({ alt: "a" }, undefined)).error().code).toBe("PRECONDITION_REQUIRED");
    expect((await update({ alt: "b" }, etag)).status).toBe(200);
    for (const stale of [etag, `"x", ${etag}`, '""', "x", `${etag.slice(0, 5)}.x"`]) {
      const response = await update({ alt: "c" }, stale);
      expect([response.status, response.error().code]).toEqual([412, "PRECONDITION_FAILED"]);
    }
    expect((await read()).image.alt).toBe("b");
  });

  it("accepts *, lists and weak tags as If-Match", async () => {
    const { etag } = await read();
    for (const [alt, ifMatch] of [
      [null, `"x.y", ${etag}`],
      [null, `W/${etag}`],
      ["last", "*"],
    ] as const)
      expect((await update({ alt }, ifMatch)).status).toBe(200);
  });

  it("is no conflict with a thumbnail that is created meanwhile, although the ETag changes", async () => {
    const { etag } = await read();
    const thumbnail = { width: 2, height: 1, size: 70 };
    await images.change(record.owner, record.id, () => ({ status: "ready", sourceEtag: '"1"', thumbnail }));
    expect((await read()).etag).not.toBe(etag);
    const updated = await update({ tags: ["x"] }, etag);
    expect(JSON.parse(updated.text)).toMatchObject({ status: "ready", thumbnail, tags: ["x"] });
  });

  it("applies one of two changes at once under the same ETag", async () => {
    const { etag } = await read();
    const statuses = await Promise.all(["a", "b", "c"].map(async (alt) => (await update({ alt }, etag)).status));
    expect(statuses.sort()).toEqual([200, 412, 412]);
  });

  it("accepts the newest ETag while reads lag", async () => {
    const proxy = await startTableProxy();
    images = createImageRecords(openTable(proxy.url));
    try {
      proxy.lag(200);
      const first = await update({ alt: "a" }, "*");
      const second = await update({ alt: "b" }, first.headers.get("etag") ?? "");
      expect(second.status).toBe(200);
    } finally {
      await proxy.close();
    }
  });

  it.each([
    ["no field", {}, "body must have at least one"],
    ["an unknown field", { title: "x" }, "body.title is unknown"],
    ["an empty tag", { tags: [" "] }, "body.tags.0 must not be empty"],
    ["a long tag", { tags: ["x".repeat(51)] }, "body.tags.0 must have at most 50"],
    ["21 tags", { tags: Array.from({ length: 21 }, String) }, "body.tags must have at most 20"],
  ])("rejects a body with %s", async (_, body, message) => {
    const error = (await update(body, "*")).error();
    expect(error).toMatchObject({ code: "VALIDATION_FAILED", message: expect.stringContaining(message) });
  });

  it("returns 404 for an image of another owner", async () => {
    expect((await update({ alt: "x" }, "*", { params: { id: randomUUIDv7() } })).status).toBe(404);
  });
});
