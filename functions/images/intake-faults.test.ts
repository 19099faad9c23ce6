// Uploads while a store fails: the response to the caller, and the state that the reconcile timer finds.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultProxy } from "../../local/fault-proxy.fixture.ts";
import { createDecoder } from "../lib/decode/decoder.ts";
import { silentMeter } from "../lib/meter.ts";
import { startBlobProxy, startTableProxy } from "../lib/test-services.fixture.ts";
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
  blobs = await startBlobProxy();
  tables = await startTableProxy();
  opened = openIntake({ blobs: blobs.url, endpoint: tables.url });
  bytes = await testImage("png");
});
beforeEach(() => {
  owner = newOwner();
  blobs.decide(undefined);
  tables.decide(undefined);
});
afterAll(() => Promise.all([blobs.close(), tables.close()]));

const accept = async () => (await opened.intake.accept({ owner, filename: "a.png", bytes })).record;
const storedStatus = async () => (await opened.records.find(owner, (await storedBy(owner)).records[0] ?? ""))?.status;

describe("upload with a failing store", () => {
  it("an upload leaves nothing when its record cannot be created", async () => {
    tables.decide(({ method }) => (method === "POST" ? { kind: "drop" } : undefined));
    await expect(accept()).rejects.toMatchObject(unavailable);
    expect(await storedBy(owner)).toEqual({ records: [], blobs: [] });
  });

  it("an upload leaves an uploading record when its original cannot be written", async () => {
    blobs.decide(() => ({ kind: "drop" }));
    await expect(accept()).rejects.toMatchObject(unavailable);
    expect(await storedBy(owner)).toMatchObject({ records: [expect.any(String)], blobs: [] });
    expect(await storedStatus()).toBe("uploading");
  });

  it("an upload leaves an uploading record and the original when the record cannot be changed", async () => {
    tables.decide(({ method, url }) => (method === "PUT" && !url.includes("months") ? { kind: "drop" } : undefined));
    await expect(accept()).rejects.toMatchObject(unavailable);
    tables.decide(undefined);
    expect(await storedBy(owner)).toMatchObject({ records: [expect.any(String)], blobs: [expect.any(String)] });
    expect(await storedStatus()).toBe("uploading");
  });

  it.each(["record", "original", "change"])(
    "an upload succeeds when the response to writing its %s is lost",
    async (what) => {
      let lost = 0;
      const lose = (wanted: boolean) => (wanted && lost++ === 0 ? ({ kind: "reset-after" } as const) : undefined);
      if (what === "original") blobs.decide(({ method }) => lose(method === "PUT"));
      else tables.decide(({ method }) => lose(what === "record" ? method === "POST" : method === "PUT"));
      const record = await accept();
      expect(lost).toBeGreaterThan(0);
      expect(record.status).toBe("pending");
      expect(await opened.records.find(owner, record.id)).toEqual(record);
      expect(await storedBy(owner)).toEqual({ records: [record.id], blobs: [`${owner}/${record.id}/a.png`] });
    },
  );
});

describe("upload with concurrent changes", () => {
  /** Uploads an image; runs `change` right after the original is written. */
  async function acceptWhile(change: (id: string) => Promise<unknown>) {
    const { records, originals, duplicates } = opened;
    const racing: typeof originals = {
      ...originals,
      async write(name, ...rest) {
        const etag = await originals.write(name, ...rest);
        await change(name.split("/")[1] as string);
        return etag;
      },
    };
    const decoder = createDecoder({ maxPixels: 1_000_000 });
    const options = { originals: racing, records, duplicates, decoder, meter: silentMeter, maxBytes: 1_000_000 };
    return (await createIntake(options).accept({ owner, filename: "a.png", bytes })).record;
  }

  it.each(["ready", "failed"] as const)(
    "an upload keeps the status %s that the thumbnailer has set meanwhile",
    async (status) => {
      const record = await acceptWhile((id) => opened.records.change(owner, id, () => ({ status })));
      expect(record.status).toBe(status);
      expect((await opened.records.find(owner, record.id))?.status).toBe(status);
    },
  );

  it("an upload throws DEPENDENCY_UNAVAILABLE and leaves nothing when its record is removed meanwhile", async () => {
    const upload = acceptWhile((id) => opened.records.remove(owner, id, "*"));
    await expect(upload).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(await storedBy(owner)).toEqual({ records: [], blobs: [] });
  });
});
