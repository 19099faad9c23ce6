// What the API does with an image whose retention has ended, against Azurite.
import { randomUUIDv7 } from "node:crypto";
import { beforeEach, expect, it } from "vitest";
import { createDecoder } from "../lib/decode/decoder.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { createLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { containers } from "../lib/names.ts";
import { createLink } from "../sas/create-link.ts";
import { createThumbnailer } from "../thumbnail/thumbnailer.ts";
import { createImageList } from "./image-list.ts";
import { newOwner, openContainer, openIntake, openTable, unusedPublisher } from "./intake.fixture.ts";
import { listImages } from "./list.ts";
import { readImage } from "./read.ts";
import { reprocessImage } from "./reprocess.ts";
import { testImage } from "./test-images.fixture.ts";

const { intake, originals, records } = openIntake();
const thumbnails = openContainer(containers.thumbnails);
const decoder = createDecoder({ maxPixels: 1_000_000 });
const thumbnailer = createThumbnailer({
  originals,
  thumbnails,
  records,
  publisher: unusedPublisher,
  decoder,
  meter: silentMeter,
  widths: [256],
});
const log = createLog({ debug() {}, info() {}, warn() {}, error() {} });
const bytes = await testImage("png");
const expiredAt = "2026-11-21T09:00:00.000Z";
let owner: string;
let id: string;

const deps = {
  images: records,
  imageList: createImageList(openTable()),
  originals,
  publisher: unusedPublisher,
  siteUrl: "https://site.example.com/",
  authenticate: async () => ({ subject: owner, role: "editor" as const }),
  issueLink: () => Promise.reject(new Error("unused")),
};
const route = routesFor<typeof deps>();
const path = "/v1/images/{id:guid}";
const readRoute = route("image-read", "GET", path, "images:read", "none", readImage);
const listRoute = route("image-list", "GET", "/v1/images", "images:read", "none", listImages);
const reprocessRoute = route("image-reprocess", "POST", `${path}/reprocess`, "images:write", "none", reprocessImage);
const linkRoute = route("sas-issue", "POST", "/v1/sas", "images:read", "none", createLink);

const upload = () => intake.accept({ owner, filename: "a.png", bytes });
const read = async (query = "") =>
  invoke(readRoute, deps, { params: { id }, url: `http://localhost/api/v1/images/${id}${query}` });

beforeEach(async () => {
  owner = newOwner();
  id = (await upload()).record.id;
  await thumbnailer.create(owner, id, log);
  await records.change(owner, id, () => ({ status: "expired", expiredAt }));
});

it("an expired image is listed and read by its owner, with its variants", async () => {
  const response = await invoke(listRoute, deps, { url: "http://localhost/api/v1/images?status=expired" });
  const image = JSON.parse((await read()).text);
  expect(image).toMatchObject({ id, status: "expired", expiredAt, retention: "keep", thumbnail: { width: 80 } });
  expect(image.variants).toHaveLength(3);
  expect(JSON.parse(response.text)).toEqual({ images: [image] });
});

it("an expired image gets CONFLICT for links, its picture and reprocessing", async () => {
  const body = JSON.stringify({ imageId: id, variant: "original", expiresIn: 60 });
  const link = { method: "POST", headers: { "content-type": "application/json" }, body };
  for (const response of [
    await read("?embed=picture&expires=60"),
    await invoke(reprocessRoute, deps, { method: "POST", params: { id } }),
    await invoke(linkRoute, deps, link),
  ])
    expect(response.error()).toMatchObject({ code: "CONFLICT", message: expect.stringContaining(expiredAt) });
});

it("an expired image stays expired when a late event arrives, and an equal upload makes a new one", async () => {
  await records.change(owner, id, () => ({ sourceEtag: undefined }));
  expect(await thumbnailer.create(owner, id, log)).toBe("up-to-date");
  expect((await records.find(owner, id))?.status).toBe("expired");
  const again = await upload();
  expect([again.isNew, again.record.id === id]).toEqual([true, false]);
});

it("a render that ends after the image has expired leaves it expired", async () => {
  const record = { ...(await upload()).record, id: randomUUIDv7(), status: "pending" as const };
  await records.create(record);
  await originals.write(`${owner}/${record.id}/a.png`, { bytes, contentType: "image/png", cacheControl: "no-store" });
  const slow = {
    ...thumbnails,
    write: async (...args: Parameters<typeof thumbnails.write>) => {
      await records.change(owner, record.id, () => ({ status: "expired", expiredAt }));
      return thumbnails.write(...args);
    },
  };
  const late = createThumbnailer({
    originals,
    thumbnails: slow,
    records,
    publisher: unusedPublisher,
    decoder,
    meter: silentMeter,
    widths: [256],
  });
  await late.create(owner, record.id, log);
  expect(await records.find(owner, record.id)).toMatchObject({ status: "expired", expiredAt });
});
