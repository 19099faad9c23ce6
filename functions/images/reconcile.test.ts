// The reconcile timer against Azurite: records that crashes and lost events leave behind, and records it must not touch.
import { beforeEach, describe, expect, it } from "vitest";
import { originalBlobName } from "../lib/image.ts";
import { THUMBNAIL, variantBlobName } from "../lib/image-variants.ts";
import { openContainer } from "./intake.fixture.ts";
import {
  createRecord,
  imageLines,
  lines,
  MINUTE,
  now,
  originals,
  owner,
  reconcile,
  records,
  startOver,
  statusOf,
  thumbnails,
} from "./reconcile.fixture.ts";
import { testImage } from "./test-images.fixture.ts";

beforeEach(startOver);

describe("reconcileImages", () => {
  it.each(["uploading", "pending"] as const)(
    "creates the thumbnail of an %s image whose original exists",
    async (status) => {
      const record = await createRecord(status);
      await reconcile();
      expect(await statusOf(record)).toBe("ready");
      expect(await thumbnails.etag(variantBlobName(record, THUMBNAIL))).toBeDefined();
      expect(imageLines()).toMatchObject([
        { level: "info", message: "image-repaired", image: record.id, outcome: "created" },
      ]);
    },
  );

  it("removes an uploading record whose original does not exist", async () => {
    const record = await createRecord("uploading", { stored: false });
    await reconcile();
    expect(await statusOf(record)).toBeUndefined();
    expect(imageLines()).toMatchObject([{ level: "info", message: "image-repaired", image: record.id }]);
  });

  it.each(["pending", "failed"] as const)(
    "keeps a %s record whose original is missing, logs original-missing, and repairs it when the original is back",
    async (status) => {
      const record = await createRecord("pending", { stored: false });
      await records.change(owner, record.id, () => ({ status, retryAt: new Date(now).toISOString() }));
      await reconcile();
      expect(await records.find(owner, record.id)).toMatchObject({ status, attempts: 1 });
      expect(lines).toMatchObject([
        { level: "warn", message: "original-missing", image: record.id },
        { message: "images-reconciled" },
      ]);
      const bytes = await testImage("png");
      await originals.write(originalBlobName(record), { bytes, contentType: "image/png", cacheControl: "no-store" });
      await reconcile({}, { at: now + 6 * MINUTE });
      expect(await statusOf(record)).toBe("ready");
    },
  );

  it("keeps the record of an upload that goes on between the look at the original and the removal", async () => {
    const record = await createRecord("uploading", { stored: false });
    const bytes = await testImage("png");
    const etag: typeof originals.etag = async (name) => {
      const found = await originals.etag(name);
      await originals.write(name, { bytes, contentType: "image/png", cacheControl: "no-store" });
      await records.change(owner, record.id, () => ({ status: "pending" }));
      return found;
    };
    await reconcile({ originals: { ...originals, etag } });
    expect(await statusOf(record)).toBe("pending");
    expect(imageLines()).toEqual([]);
    await reconcile();
    expect(await statusOf(record)).toBe("ready");
  });

  it.each(["uploading", "pending"] as const)("ignores an %s record of the last five minutes", async (status) => {
    const records = [
      await createRecord(status, { age: 5 * MINUTE - 1 }),
      await createRecord(status, { age: 0, stored: false }),
      await createRecord(status, { age: 5 * MINUTE, stored: false }),
    ];
    await reconcile();
    expect(await Promise.all(records.map(statusOf))).toEqual([status, status, status]);
    expect(imageLines()).toEqual([]);
  });

  it.each(["ready", "failed"] as const)("ignores a %s record without an original", async (status) => {
    const record = await createRecord(status, { age: 60 * MINUTE, stored: false });
    await reconcile();
    expect(await statusOf(record)).toBe(status);
  });

  it("starts no further image when its time is over", async () => {
    const record = await createRecord("pending");
    await reconcile({}, { runMs: 0 });
    expect(await statusOf(record)).toBe("pending");
    expect(lines).toMatchObject([{ message: "images-reconciled", unfinished: 0, cut: true }]);
  });

  it("removes nothing while the container does not exist", async () => {
    const record = await createRecord("uploading");
    await reconcile({ originals: openContainer("no-such-container") });
    expect(await statusOf(record)).toBe("uploading");
    expect(imageLines()).toMatchObject([{ message: "reconcile-failed", error: { code: "DEPENDENCY_UNAVAILABLE" } }]);
  });
});
