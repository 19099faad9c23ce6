// The whole app on tables whose reads lag behind writes, as those of Cosmos DB may. Rate limits are off: the test polls.
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type Library, openLibrary } from "./library.fixture.ts";
import { type Image, json, type PageCount } from "./responses.fixture.ts";

const LAG_MS = 300;
let backend: Backend;
let library: Library;

beforeAll(async () => {
  backend = await startBackend();
  library = openLibrary(backend.api, await backend.token("owner"));
});
beforeEach(() => backend.proxy.lag(LAG_MS));
afterAll(() => backend.close());

it("an upload is found at once, gets its thumbnail and keeps its original while reads lag", async () => {
  const response = await library.upload(await testImage("png", { width: 300, height: 200 }));
  expect(response.status).toBe(201);
  const { id } = await json<Image>(response);
  expect((await library.call(`/v1/images/${id}`)).status).toBe(200);
  expect((await library.settled(id)).status).toBe("ready");
  for (const variant of ["original", "thumbnail"] as const)
    expect((await fetch((await library.link(id, variant)).url)).status).toBe(200);
});

it("each visit of two instances gets its own number while reads lag", async () => {
  const hosts = [backend.host, await backend.addHost()];
  const counts: number[] = [];
  async function visitor(url: string) {
    for (let visit = 0; visit < 5; visit++)
      counts.push((await json<PageCount>(fetch(`${url}/api/v1/visits/projects`, { method: "POST" }))).count);
  }
  await Promise.all([...hosts, ...hosts].map(({ url }) => visitor(url)));
  expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});
