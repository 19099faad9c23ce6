// GET /v1/images through the boundary, against Azurite: pages, cursors and their validation.
import { randomUUIDv7 } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import type { ImageRecord } from "../lib/image.ts";
import { createImageList } from "./image-list.ts";
import { exampleImage } from "./image-response.ts";
import { newOwner, openIntake, openTable } from "./intake.fixture.ts";
import { listImages } from "./list.ts";
import { decodeCursor, encodeCursor } from "./list-cursor.ts";

const { records } = openIntake();
const owner = newOwner();
const images: ImageRecord[] = [];
const deps = (subject = owner) => ({
  imageList: createImageList(openTable()),
  authenticate: async () => ({ subject, role: "viewer" as const }),
});
const route = routesFor<ReturnType<typeof deps>>()(
  "image-list",
  "GET",
  "/v1/images",
  "images:read",
  "none",
  listImages,
);
const list = (query: Record<string, string>, subject?: string) =>
  invoke(route, deps(subject), { url: `http://localhost/api/v1/images?${new URLSearchParams(query)}` });
async function pages(query: Record<string, string>) {
  const found: string[][] = [];
  let cursor: string | undefined;
  do {
    const body = JSON.parse((await list({ ...query, ...(cursor && { cursor }) })).text);
    found.push(body.images.map(({ id }: { id: string }) => id));
    cursor = body.nextCursor;
  } while (cursor);
  return found;
}

beforeAll(async () => {
  for (let count = 0; count < 5; count++) {
    const status = count === 3 ? "failed" : "ready";
    images.unshift({ ...exampleImage, id: randomUUIDv7(), owner, status, tags: count % 2 ? ["sea"] : ["café"] });
    await records.create(images[0] as ImageRecord);
  }
});
const ids = (indexes: number[]) => indexes.map((index) => images[index]?.id);

describe("listImages", () => {
  it("returns pages of `limit`, and nextCursor until the last", async () => {
    const found = await pages({ limit: "2" });
    expect(found.flat()).toEqual(ids([0, 1, 2, 3, 4]));
    expect(found[0]).toEqual(ids([0, 1]));
  });

  it("returns records as the owner reads them, and 20 by default", async () => {
    const { images: listed } = JSON.parse((await list({})).text);
    const { owner: _owner, ...newest } = images[0] as ImageRecord;
    expect(listed[0]).toEqual(newest);
    expect(listed).toHaveLength(5);
  });

  it("filters by tag in any spelling and by status, on later pages by the cursor alone", async () => {
    expect((await pages({ tag: " CAFE\u0301" })).flat()).toEqual(ids([0, 2, 4]));
    expect((await pages({ status: "failed", tag: "sea" })).flat()).toEqual(ids([1]));
    const { nextCursor } = JSON.parse((await list({ tag: "sea", limit: "1" })).text);
    expect(JSON.parse((await list({ cursor: nextCursor })).text).images.map(({ id }: ImageRecord) => id)).toEqual(
      ids([3]),
    );
    const error = (await list({ cursor: nextCursor, tag: "x" })).error();
    expect(error).toMatchObject({ code: "VALIDATION_FAILED", message: expect.stringContaining("query.tag must be") });
  });

  it("shows another caller with the same cursor nothing but their own images", async () => {
    const { nextCursor } = JSON.parse((await list({ limit: "1" })).text);
    expect(JSON.parse((await list({ cursor: nextCursor }, newOwner())).text)).toEqual({ images: [] });
  });

  it.each([
    { limit: "0" },
    { limit: "101" },
    { limit: "1.5" },
    { status: "uploading" },
    { status: "deleting" },
    { tag: "" },
    { cursor: "x" },
    { cursor: Buffer.from("[2,null,1,null,null]").toString("base64url") },
    { cursor: Buffer.from(`[1,"' or '1' eq '1",1,null,null]`).toString("base64url") },
    { cursor: Buffer.from("[1,null,0,null,null]").toString("base64url") },
    { order: "asc" },
  ])("rejects %j with VALIDATION_FAILED", async (query) => {
    expect((await list(query)).error()).toMatchObject({ code: "VALIDATION_FAILED" });
  });

  it("a cursor keeps its position and its filter", () => {
    const cursor = { position: { before: exampleImage.id, span: 5 }, filter: { tag: "é", status: "ready" as const } };
    expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
  });
});
