// The library over HTTP: list, describe, and delete an image, which then has no link, no place in the list and no duplicate.
import { afterAll, beforeAll, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { openLibrary } from "./library.fixture.ts";
import { type Image, json } from "./responses.fixture.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.close());

it("lists images newest first, keeps what their owner writes, and forgets a deleted image", async () => {
  const library = openLibrary(backend.api, await backend.token("owner"));
  const files = await Promise.all([1, 2, 3].map(() => testImage("png", { width: 60, height: 40 })));
  const ids: string[] = [];
  for (const file of files) {
    const { id } = await json<Image>(library.upload(file));
    await library.settled(id);
    ids.unshift(id);
  }
  const list = async (query: string) => {
    const found: string[] = [];
    let cursor = "";
    do {
      const page = await json<{ images: Image[]; nextCursor?: string }>(library.call(`/v1/images?${query}${cursor}`));
      found.push(...page.images.map(({ id }) => id));
      cursor = page.nextCursor === undefined ? "" : `&cursor=${page.nextCursor}`;
    } while (cursor);
    return found;
  };
  expect(await list("limit=2")).toEqual(ids);

  const [newest = "", middle = ""] = ids;
  const etag = (await library.call(`/v1/images/${middle}`)).headers.get("etag") ?? "";
  const headers = { "content-type": "application/json", "if-match": etag };
  const change = { method: "PATCH", headers, body: JSON.stringify({ alt: "The sea", tags: ["Sea"] }) };
  expect(await json(library.call(`/v1/images/${middle}`, change))).toMatchObject({ alt: "The sea", tags: ["sea"] });
  expect((await library.call(`/v1/images/${middle}`, change)).status).toBe(412);
  expect(await list("limit=1&tag=sea")).toEqual([middle]);

  const links = await Promise.all(["original", "thumbnail"].map((variant) => library.link(newest, variant)));
  const remove = () => library.call(`/v1/images/${newest}`, { method: "DELETE" });
  expect((await remove()).status).toBe(204);
  expect((await remove()).status).toBe(404);
  expect(await Promise.all(links.map(async ({ url }) => (await fetch(url)).status))).toEqual([404, 404]);
  expect((await library.call(`/v1/images/${newest}`)).status).toBe(404);
  expect(await list("limit=2")).toEqual(ids.slice(1));

  // Equal bytes would be the deleted image if its duplicate row remained.
  const again = await json<Image>(library.upload(files[2] as Buffer));
  expect(ids).not.toContain(again.id);
  expect(await list("limit=100")).toEqual([again.id, ...ids.slice(1)]);
});
