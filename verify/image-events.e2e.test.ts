// Blob events come more than once, late, out of order or never, and processes die: the library mends itself.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import type { ProxiedRequest } from "../local/fault-proxy.fixture.ts";
import { type Library, openLibrary } from "./library.fixture.ts";
import { type Image, json } from "./responses.fixture.ts";

/** Ten minutes pass for the app, so that its timer finds what is older than five. */
const LATER = { NODE_OPTIONS: "--import=data:text/javascript,const%20now=Date.now;Date.now=()=>now()%2B600000" };

let backend: Backend;
let owner: string;
let library: Library;
let picture: Buffer;
/** The instance that the library talks to. */
let host: Backend["host"];

beforeAll(async () => {
  backend = await startBackend();
  picture = await testImage("png", { width: 300, height: 200 });
  owner = await backend.token("owner");
  host = backend.host;
  library = openLibrary(backend.api, owner);
});
afterEach(() => {
  backend.events.decide(undefined);
  backend.proxy.decide(undefined);
  backend.blobProxy.decide(undefined);
});
afterAll(() => backend.close());

/** A new instance in place of one that was killed; the address of its API. */
async function restart(): Promise<string> {
  host = await backend.addHost();
  return `${host.url}/api`;
}

const upload = () => json<Image>(library.upload(picture));

/** Starts another instance ten minutes later and runs its timer once. */
async function mend(): Promise<void> {
  const later = await backend.addHost(LATER);
  const before = backend.lines.length;
  const answer = await fetch(`${later.url}/admin/functions/image-reconcile`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"input":""}',
  });
  expect(answer.status).toBe(202);
  await vi.waitFor(() => expect(backend.lines.slice(before).join()).toContain('"images-reconciled"'), 20_000);
  await later.close();
}

describe("an event", () => {
  it("that comes twice does the work once", async () => {
    backend.events.decide(() => "double");
    const { id } = await upload();
    expect((await library.settled(id)).status).toBe("ready");
    await vi.waitFor(() => {
      const outcomes = backend.lines.filter((line) => line.includes('"thumbnail"') && line.includes(id));
      expect(outcomes).toHaveLength(2);
    }, 20_000);
  });

  it("that comes late, after one that was sent later, finds its picture", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let first = true;
    backend.events.decide(() => {
      if (!first) return "deliver";
      first = false;
      return { holdUntil: promise };
    });
    const [one, two] = [await upload(), await upload()];
    expect((await library.settled(two.id)).status).toBe("ready");
    expect((await library.read(one.id)).status).toBe("pending");
    resolve();
    expect((await library.settled(one.id)).status).toBe("ready");
  });

  it("that never comes is made up for by the timer", async () => {
    backend.events.decide(() => "drop");
    const { id } = await upload();
    expect((await library.read(id)).status).toBe("pending");
    await mend();
    expect((await library.settled(id)).status).toBe("ready");
  });
});

describe("a process that dies", () => {
  const toRecords = ({ method, url }: ProxiedRequest) => method !== "GET" && url.includes("/images");
  const toBlobs = ({ method }: ProxiedRequest) => method === "PUT";
  const records = () => backend.rows("images");

  /** Holds the nth write to a store, before or after it was applied, and kills the app there. */
  async function killAt(store: "records" | "blobs", nth: number, applied: boolean): Promise<void> {
    const [proxy, matches] = store === "records" ? [backend.proxy, toRecords] : [backend.blobProxy, toBlobs];
    let seen = 0;
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const never = new Promise<void>(() => undefined);
    proxy.decide((request) => {
      if (!matches(request) || ++seen !== nth) return undefined;
      resolve();
      return applied ? { kind: "swallow" } : { kind: "hold", until: never };
    });
    backend.events.decide(() => "drop");
    const before = JSON.stringify(await records());
    const blobs = backend.events.writes.length;
    const answer = library.upload(picture).then(
      ({ status }) => status,
      () => 0,
    );
    await reached;
    if (applied && store === "records")
      await vi.waitFor(async () => expect(JSON.stringify(await records())).not.toBe(before));
    if (applied && store === "blobs") await vi.waitFor(() => expect(backend.events.writes.length).toBe(blobs + 1));
    await host.kill();
    expect(await answer).not.toBe(201);
    proxy.decide(undefined);
  }

  it.each<[string, "records" | "blobs", number, boolean, number]>([
    ["before its record is written", "records", 1, false, 0],
    ["after its record is written", "records", 1, true, 0],
    ["before its picture is stored", "blobs", 1, false, 0],
    ["after its picture is stored", "blobs", 1, true, 1],
    ["before its record is told", "records", 2, false, 1],
    ["after its record is told", "records", 2, true, 1],
  ])("%s leaves nothing half there once the timer has run", async (_, store, nth, applied, images) => {
    const before = new Set((await records()).map(({ rowKey }) => rowKey));
    await killAt(store, nth, applied);
    await mend();
    library = openLibrary(await restart(), owner);
    const left = (await records()).filter(({ rowKey }) => !before.has(rowKey));
    expect(left.map(({ status }) => status)).toEqual(Array(images).fill("ready"));
    for (const { rowKey } of left)
      expect((await fetch((await library.link(rowKey as string, "thumbnail")).url)).status).toBe(200);
  });

  it("loses no image that was acknowledged", async () => {
    backend.events.decide(() => "drop");
    const { id } = await upload();
    await host.kill();
    await mend();
    library = openLibrary(await restart(), owner);
    expect((await library.read(id)).status).toBe("ready");
  });
});
