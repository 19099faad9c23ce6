// Blob events that arrive twice, late, out of order or never, and processes that crash: every image ends ready or removed.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import type { ProxiedRequest } from "../local/fault-proxy.fixture.ts";
import { type Library, openLibrary } from "./library.fixture.ts";
import { type Image, json } from "./responses.fixture.ts";

/** Moves the app's clock ten minutes ahead, so that its timer finds records older than five. It renders only these. */
const TEN_MINUTES_LATER = {
  "AzureWebJobs.thumbnail.Disabled": "true",
  "AzureWebJobs.thumbnail-poison.Disabled": "true",
  NODE_OPTIONS: "--import=data:text/javascript,const%20now=Date.now;Date.now=()=>now()%2B600000",
};

let backend: Backend;
let owner: string;
let library: Library;
/** The instance that `library` calls. */
let host: Backend["host"];
/** The instance that runs the timer. */
let later: Backend["host"];

beforeAll(async () => {
  backend = await startBackend();
  owner = await backend.token("owner");
  host = backend.host;
  later = await backend.addHost(TEN_MINUTES_LATER);
  library = openLibrary(backend.api, owner);
});
afterEach(() => {
  backend.events.decide(undefined);
  backend.proxy.decide(undefined);
  backend.blobProxy.decide(undefined);
});
afterAll(() => backend.close());

/** Starts a new instance after a kill and returns the URL of its API. */
async function restart(): Promise<string> {
  host = await backend.addHost();
  return `${host.url}/api`;
}

/** Each has other bytes: equal ones would be one image. */
const newImage = () => testImage("png", { width: 300, height: 200 });
const upload = async () => json<Image>(library.upload(await newImage()));

/** Runs the reconcile timer once, ten minutes later. */
async function reconcile(): Promise<void> {
  const before = backend.lines.length;
  const response = await fetch(`${later.url}/admin/functions/image-reconcile`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"input":""}',
  });
  expect(response.status).toBe(202);
  await vi.waitFor(() => expect(backend.lines.slice(before).join()).toContain('"images-reconciled"'), 30_000);
}

describe("blob events", () => {
  it("an event that arrives twice is handled twice, with one thumbnail", async () => {
    backend.events.decide(() => "double");
    const { id } = await upload();
    expect((await library.settled(id)).status).toBe("ready");
    await vi.waitFor(() => {
      const outcomes = backend.lines.filter((line) => line.includes('"thumbnail"') && line.includes(id));
      expect(outcomes).toHaveLength(2);
    }, 30_000);
  });

  it("an event that arrives out of order creates its thumbnail", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isFirst = true;
    backend.events.decide(() => {
      if (!isFirst) return "deliver";
      isFirst = false;
      return { holdUntil: promise };
    });
    const [one, two] = [await upload(), await upload()];
    expect((await library.settled(two.id)).status).toBe("ready");
    expect((await library.read(one.id)).status).toBe("pending");
    resolve();
    expect((await library.settled(one.id)).status).toBe("ready");
  });

  it("the timer creates the thumbnail when the event never arrives", async () => {
    backend.events.decide(() => "drop");
    const { id } = await upload();
    expect((await library.read(id)).status).toBe("pending");
    await reconcile();
    expect((await library.settled(id)).status).toBe("ready");
  });
});

describe("crashes during an upload", () => {
  /** Without the marks of months to count again, which an instance writes once a minute. */
  const toRecords = ({ method, url }: ProxiedRequest) =>
    method !== "GET" && url.includes("/images") && !url.includes("_usage");
  const toBlobs = ({ method }: ProxiedRequest) => method === "PUT";
  /** Also the rows that find duplicates, which have no status. */
  const rows = () => backend.rows("images");
  const records = async () => (await rows()).filter(({ status }) => status !== undefined);
  /** Grows by one with each write of an upload: two rows are created, then one changes. */
  const writtenRecords = async () => {
    const all = (await rows()).filter(({ partitionKey }) => !String(partitionKey).endsWith("_usage"));
    return all.length + all.filter(({ status }) => status === "pending").length;
  };

  /** Kills the app at the nth write to a store, before or after the write is applied. */
  async function killAt(store: "records" | "blobs", nth: number, applied: boolean): Promise<void> {
    const [proxy, matches] = store === "records" ? [backend.proxy, toRecords] : [backend.blobProxy, toBlobs];
    let writes = 0;
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const never = new Promise<void>(() => undefined);
    proxy.decide((request) => {
      if (!matches(request) || ++writes !== nth) return undefined;
      resolve();
      return applied ? { kind: "swallow" } : { kind: "hold", until: never };
    });
    backend.events.decide(() => "drop");
    const before = await writtenRecords();
    const blobWrites = backend.events.writes.length;
    const upload = library.upload(await newImage()).then(
      ({ status }) => status,
      () => 0,
    );
    await reached;
    if (applied && store === "records")
      await vi.waitFor(async () => expect(await writtenRecords()).toBe(before + nth), 30_000);
    if (applied && store === "blobs")
      await vi.waitFor(() => expect(backend.events.writes.length).toBe(blobWrites + 1), 30_000);
    await host.kill();
    expect(await upload).not.toBe(201);
    proxy.decide(undefined);
  }

  it.each<[string, "records" | "blobs", number, boolean, number]>([
    ["before the record is created", "records", 1, false, 0],
    ["after the record is created", "records", 1, true, 0],
    ["after its image is named", "records", 2, true, 0],
    ["before the original is written", "blobs", 1, false, 0],
    ["after the original is written", "blobs", 1, true, 1],
    ["before the record is changed", "records", 3, false, 1],
    ["after the record is changed", "records", 3, true, 1],
  ])("a crash %s leaves a ready image or nothing after the timer has run", async (_, store, nth, applied, images) => {
    const before = new Set((await records()).map(({ rowKey }) => rowKey));
    await killAt(store, nth, applied);
    await reconcile();
    library = openLibrary(await restart(), owner);
    const remaining = (await records()).filter(({ rowKey }) => !before.has(rowKey));
    expect(remaining.map(({ status }) => status)).toEqual(Array(images).fill("ready"));
    for (const { rowKey } of remaining)
      expect((await fetch((await library.link(rowKey as string, "thumbnail")).url)).status).toBe(200);
  });

  it("a crash after the response of an upload loses no image", async () => {
    backend.events.decide(() => "drop");
    const { id } = await upload();
    await host.kill();
    await reconcile();
    library = openLibrary(await restart(), owner);
    expect((await library.read(id)).status).toBe("ready");
  });
});

describe("crashes during a thumbnail", () => {
  const toThumbnails = ({ method, url }: ProxiedRequest) => method === "PUT" && url.includes("/thumbnails/");
  const never = new Promise<void>(() => undefined);

  it("an image whose event crashes the app until the host gives it up is ready after the timer has run", async () => {
    backend.blobProxy.decide((request) => {
      if (!toThumbnails(request)) return undefined;
      host.crash();
      return { kind: "hold", until: never };
    });
    // After the response of the upload, so that no crash meets it.
    const { promise: uploaded, resolve } = Promise.withResolvers<void>();
    backend.events.decide(() => ({ holdUntil: uploaded }));
    const { id } = await upload();
    resolve();
    await vi.waitFor(() => expect(backend.lines.join("\n")).toMatch(`failed 5 times for blob`), 30_000);
    backend.blobProxy.decide(undefined);
    await vi.waitFor(async () => expect((await fetch(`${host.url}/api/health/live`)).ok).toBe(true), 30_000);
    // The poison message can meet a crashed app too. It stays hidden then, and the record pending.
    expect((await library.read(id)).status).toMatch(/pending|failed/);
    await reconcile();
    expect((await library.read(id)).status).toBe("ready");
  });

  it("an image that failed because the blob store was down is ready after the timer has run", async () => {
    backend.blobProxy.decide((request) => (toThumbnails(request) ? { kind: "status", status: 503 } : undefined));
    const { id } = await upload();
    const failed = await library.settled(id);
    expect(failed).toMatchObject({ status: "failed", reason: expect.stringContaining("tried again") });
    backend.blobProxy.decide(undefined);
    await reconcile();
    const ready = await library.read(id);
    expect(ready.status).toBe("ready");
    expect(ready).not.toHaveProperty("reason");
  });
});
