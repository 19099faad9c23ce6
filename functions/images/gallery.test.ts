// GET /v1/gallery: order, bounds, caching and what it shows.
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { readGallery } from "./gallery.ts";
import type { GalleryEntry, GalleryRow } from "./gallery-rows.ts";
import { createGallery, type Gallery, MAX_AGE_MS, newest } from "./gallery-view.ts";

const entry: GalleryEntry = {
  createdAt: "2026-11-21T09:00:00.000Z",
  alt: "Ada",
  description: "At sea",
  placeholder: "UklGRg==",
  variants: [{ name: "256.webp", format: "webp", width: 256, height: 171 }],
};
const idOf = (count: number) => `01932b2e-7c1a-7000-8000-${String(count).padStart(12, "0")}`;
const rowOf = (count: number, changes: Partial<GalleryRow> = {}): GalleryRow => ({
  id: idOf(count),
  owner: "ada",
  entry,
  ...changes,
});
let stored: GalleryRow[];
let queries: number;
let now: number;
let isDown: boolean;
let gallery: Gallery;

beforeEach(() => {
  [stored, queries, now, isDown] = [[rowOf(1)], 0, 0, false];
  const rows = {
    async *list() {
      queries += 1;
      if (isDown) throw new AppError("DEPENDENCY_UNAVAILABLE", "down");
      yield* stored;
    },
  };
  gallery = createGallery(rows, () => now);
});

const authenticate = () => Promise.reject(new Error("No caller is needed"));
const deps = () => ({ gallery, siteUrl: "https://site.example.com/", authenticate });
const route = routesFor<ReturnType<typeof deps>>()("gallery", "GET", "/v1/gallery", "public", "none", readGallery);
const read = (ifNoneMatch?: string) =>
  invoke(route, deps(), { headers: ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch } });

it("newest returns the newest hundred of rows in any order, without those that have no copies yet", () => {
  const rows = Array.from({ length: 150 }, (_, count) => rowOf((count * 61) % 150));
  const shown = newest([...rows, { id: idOf(999), owner: "ada", dueAt: 5 }]);
  expect(shown.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, count) => idOf(149 - count)));
});

describe("readGallery", () => {
  it("returns URLs and texts for caches, and neither owner nor file name", async () => {
    const response = await read();
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    const { variants, ...texts } = entry;
    expect(JSON.parse(response.text)).toEqual({
      images: [
        {
          ...texts,
          id: idOf(1),
          placeholder: "data:image/webp;base64,UklGRg==",
          variants: [
            {
              url: `https://site.example.com/images/${idOf(1)}/256.webp`,
              ...{ format: "webp", width: 256, height: 171 },
            },
          ],
        },
      ],
    });
  });

  it("responds 304 while nothing has changed, to strong, weak and listed tags", async () => {
    const etag = (await read()).headers.get("etag") ?? "";
    for (const sent of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const response = await read(sent);
      expect([response.status, response.text, response.headers.get("etag")]).toEqual([304, "", etag]);
      expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    }
    for (const sent of ['"x"', "", etag.slice(1, -1)]) expect((await read(sent)).status).toBe(200);
    stored = [rowOf(1, { entry: { ...entry, alt: "Grace" } })];
    gallery.forget();
    expect((await read(etag)).status).toBe(200);
  });

  it("queries the table once a minute for any number of requests, and again after a change or a failure", async () => {
    await Promise.all([read(), read(), read()]);
    now += MAX_AGE_MS - 1;
    await read();
    expect(queries).toBe(1);
    now += 1;
    await read();
    gallery.forget();
    await read();
    expect(queries).toBe(3);
    gallery.forget();
    isDown = true;
    expect((await read()).status).toBe(503);
    isDown = false;
    expect((await read()).status).toBe(200);
  });
});
