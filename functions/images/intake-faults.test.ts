// An upload while stores fail: what the caller is told, and what the timer then finds.
import { dirname } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadCertificate } from "../../local/certificate.ts";
import { type FaultProxy, startFaultProxy } from "../../local/fault-proxy.fixture.ts";
import { silentMeter } from "../lib/meter.ts";
import { loadSharp } from "../lib/sharp.ts";
import { newOwner, openIntake, storedBy } from "./intake.fixture.ts";
import { createIntake } from "./intake.ts";
import { testImage } from "./test-images.fixture.ts";

const unavailable = { code: "DEPENDENCY_UNAVAILABLE" };
let blobs: FaultProxy;
let tables: FaultProxy;
let opened: ReturnType<typeof openIntake>;
let owner: string;
let bytes: Buffer;

beforeAll(async () => {
  const certificate = await loadCertificate(dirname(process.env.NODE_EXTRA_CA_CERTS as string));
  blobs = await startFaultProxy({ target: process.env.MEDIA__blobServiceUri as string, certificate });
  tables = await startFaultProxy({ target: process.env.TABLES_ENDPOINT as string, certificate });
  opened = openIntake({ blobs: blobs.url, endpoint: tables.url });
  bytes = await testImage("png");
});
beforeEach(() => {
  owner = newOwner();
  blobs.decide(undefined);
  tables.decide(undefined);
});
afterAll(() => Promise.all([blobs.close(), tables.close()]));

const take = () => opened.intake.accept({ owner, filename: "a.png", bytes });
const found = async () => (await opened.records.find(owner, (await storedBy(owner)).records[0] ?? ""))?.status;

describe("an upload", () => {
  it("whose record cannot be written leaves nothing", async () => {
    tables.decide(({ method }) => (method === "POST" ? { kind: "drop" } : undefined));
    await expect(take()).rejects.toMatchObject(unavailable);
    expect(await storedBy(owner)).toEqual({ records: [], blobs: [] });
  });

  it("whose original cannot be written leaves a record for the timer to remove", async () => {
    blobs.decide(() => ({ kind: "drop" }));
    await expect(take()).rejects.toMatchObject(unavailable);
    expect(await storedBy(owner)).toMatchObject({ records: [expect.any(String)], blobs: [] });
    expect(await found()).toBe("uploading");
  });

  it("whose record cannot be moved on leaves both for the timer to finish", async () => {
    tables.decide(({ method }) => (method === "POST" ? undefined : { kind: "drop" }));
    await expect(take()).rejects.toMatchObject(unavailable);
    tables.decide(undefined);
    expect(await storedBy(owner)).toMatchObject({ records: [expect.any(String)], blobs: [expect.any(String)] });
    expect(await found()).toBe("uploading");
  });

  it.each(["record", "original", "change"])("succeeds though the answer to writing its %s is lost", async (what) => {
    let lost = 0;
    const lose = (wanted: boolean) => (wanted && lost++ === 0 ? ({ kind: "reset-after" } as const) : undefined);
    if (what === "original") blobs.decide(({ method }) => lose(method === "PUT"));
    else tables.decide(({ method }) => lose(what === "record" ? method === "POST" : method === "PUT"));
    const record = await take();
    expect(lost).toBeGreaterThan(0);
    expect(record.status).toBe("pending");
    expect(await opened.records.find(owner, record.id)).toEqual(record);
    expect(await storedBy(owner)).toEqual({ records: [record.id], blobs: [`${owner}/${record.id}/a.png`] });
  });
});

describe("an upload that others overtake", () => {
  /** An intake that lets something happen right after the original was written. */
  async function overtakenBy(happen: (id: string) => Promise<unknown>) {
    const { records, originals } = opened;
    const racing: typeof originals = {
      ...originals,
      async write(name, ...rest) {
        const etag = await originals.write(name, ...rest);
        await happen(name.split("/")[1] as string);
        return etag;
      },
    };
    const openImage = () => loadSharp(1_000_000);
    const bounds = { maxBytes: 1_000_000, maxPixels: 1_000_000 };
    return createIntake({ originals: racing, records, openImage, meter: silentMeter, ...bounds }).accept({
      owner,
      filename: "a.png",
      bytes,
    });
  }

  it.each(["ready", "failed"] as const)("does not take back that its thumbnail is %s", async (status) => {
    const record = await overtakenBy((id) => opened.records.change(owner, id, () => ({ status })));
    expect(record.status).toBe(status);
    expect((await opened.records.find(owner, record.id))?.status).toBe(status);
  });

  it("acknowledges nothing and leaves nothing when its record is gone meanwhile", async () => {
    const taken = overtakenBy((id) => opened.records.remove(owner, id));
    await expect(taken).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(await storedBy(owner)).toEqual({ records: [], blobs: [] });
  });
});
