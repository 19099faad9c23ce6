// The timer of the retention in virtual time, against Azurite: expiry, the week after, changes of the tier, and crashes.
import { beforeEach, describe, expect, it } from "vitest";
import type { ImageRecord } from "../lib/image.ts";
import { startTableProxy } from "../lib/test-services.fixture.ts";
import { dieAt } from "./dying-process.fixture.ts";
import { createImageRecords } from "./image-records.ts";
import { openTable } from "./intake.fixture.ts";
import {
  DAY,
  HOUR,
  isTagTooShort,
  owner,
  patch,
  promised,
  published,
  publisher,
  records,
  run,
  startOver,
  stored,
  upload,
} from "./retention.fixture.ts";
import { createRetentionRows } from "./retention-rows.ts";

let image: ImageRecord;
const at = (days: number) => Date.parse(image.createdAt) + days * DAY;
const statusOf = async () => (await records.find(owner, image.id))?.status;

/**
 * Lets a run die after each of its calls in turn, until one has no further call. A death before a call leaves what the
 * death after the previous one does.
 */
async function atEveryCall(test: (wrap: ReturnType<typeof dieAt>) => Promise<boolean>) {
  let deaths = 0;
  while (await test(dieAt(deaths + 1, "after"))) deaths++;
  return deaths;
}

beforeEach(async () => {
  startOver();
  image = await upload("free");
});

describe("the end of the retention", () => {
  it("an image expires when its days are over, and is deleted with all its blobs seven days later", async () => {
    expect((await run(at(90) - 1)).done).not.toHaveProperty("expired");
    expect(await statusOf()).toBe("ready");
    expect((await run(at(90))).done).toMatchObject({ expired: 1 });
    expect(await records.find(owner, image.id)).toMatchObject({
      status: "expired",
      expiredAt: new Date(at(90)).toISOString(),
    });
    const before = await stored();
    expect((await run(at(97) - 1)).done).not.toHaveProperty("deleted");
    expect(await stored()).toBe(before);
    expect((await run(at(97))).done).toMatchObject({ deleted: 1 });
    expect(await stored()).toBe(0);
  });

  it("a public image loses its copies when it expires, and gets them back with a longer retention", async () => {
    await patch(image.id, { visibility: "public" });
    expect((await published(image.id)).copies).toHaveLength(3);
    await run(at(90));
    expect(await published(image.id)).toEqual({ copies: [], row: undefined });
    await patch(image.id, { retention: "365" });
    expect((await published(image.id)).copies).toHaveLength(3);
    const dying = { announce: publisher.announce, sync: () => Promise.reject(new Error("the process has died")) };
    await run(at(365), { deps: { publisher: dying } });
    expect(await statusOf()).toBe("expired");
    // The reconcile timer withdraws the copies then.
    expect((await published(image.id)).row).toHaveProperty("dueAt");
  });

  it("the seven days count from when the image expired, also after the timer did not run for long", async () => {
    await run(at(200));
    expect(await statusOf()).toBe("expired");
    await run(at(206));
    expect(await statusOf()).toBe("expired");
    await run(at(207));
    expect(await stored()).toBe(0);
  });

  it("an image that is kept, and one that is still being stored, never expire", async () => {
    await records.change(owner, image.id, () => ({ status: "uploading" }));
    await run(at(91));
    expect(await statusOf()).toBe("uploading");
    await records.change(owner, image.id, () => ({ status: "ready", retention: "keep", expiresAt: undefined }));
    await run(at(9_000));
    expect(await statusOf()).toBe("ready");
  });

  it("the next run expires and deletes what a run left that died after any of its calls", async () => {
    const expiring = await atEveryCall(async (wrap) => {
      const { warnings } = await run(at(90), { wrap });
      await run(at(90));
      expect(await statusOf()).toBe("expired");
      await records.change(owner, image.id, () => ({ status: "ready", expiredAt: undefined }));
      return warnings > 0;
    });
    const deleting = await atEveryCall(async (wrap) => {
      if (!(await records.find(owner, image.id))) image = await upload("free");
      await records.change(owner, image.id, () => ({ status: "expired", expiredAt: new Date(at(90)).toISOString() }));
      const { warnings } = await run(at(98), { wrap });
      await run(at(98));
      // What has begun is deleted by the reconcile timer.
      expect(await records.find(owner, image.id)).toBeUndefined();
      return warnings > 0;
    });
    expect([expiring, deleting]).toEqual([1, expect.toSatisfy((calls: number) => calls >= 6)]);
  });

  it("an image whose retention was lengthened stays while reads lag", async () => {
    const proxy = await startTableProxy();
    const lagging = openTable(proxy.url);
    const deps = { images: createImageRecords(lagging), retentionRows: createRetentionRows(lagging) };
    try {
      await deps.images.change(owner, image.id, () => ({ alt: "" }));
      proxy.lag(300);
      expect((await patch(image.id, { retention: "180" }, { deps: { images: deps.images } })).status).toBe(200);
      await run(at(100), { deps });
    } finally {
      await proxy.close();
    }
    expect(await statusOf()).toBe("ready");
  });
});

describe("a change of the owner's tier", () => {
  it("a longer tier lengthens the images that follow it, with their tags, and a shorter one changes nothing", async () => {
    expect((await run(at(1), { tier: "pro" })).done).toMatchObject({ lengthened: 1 });
    expect(await promised(image.id)).toEqual({ status: "ready", retention: "365", days: 365, tag: "365" });
    expect((await run(at(2), { tier: "basic" })).done).not.toHaveProperty("lengthened");
    await run(at(2), { tier: "free" });
    expect(await promised(image.id)).toMatchObject({ retention: "365", tag: "365" });
    await run(at(3), { tier: "enterprise" });
    expect(await promised(image.id)).toEqual({ status: "ready", retention: "keep", days: undefined, tag: "keep" });
  });

  it("a longer tier leaves a retention that the owner chose", async () => {
    await patch(image.id, { retention: "90" });
    expect((await run(at(1), { tier: "enterprise" })).done).not.toHaveProperty("lengthened");
    expect(await promised(image.id)).toMatchObject({ retention: "90", tag: "90" });
  });

  it("a longer tier brings an expired image back, unless its days are over too", async () => {
    await run(at(200));
    await run(at(201), { tier: "basic" });
    expect(await promised(image.id)).toMatchObject({ status: "expired", retention: "90" });
    await run(at(202), { tier: "pro" });
    expect(await promised(image.id)).toMatchObject({ status: "ready", retention: "365" });
    expect(await records.find(owner, image.id)).not.toHaveProperty("expiredAt");
  });

  it("the tag never promises less than the record when the timer dies after any of its calls", async () => {
    const tiers = ["basic", "pro", "enterprise"] as const;
    for (const tier of tiers)
      await atEveryCall(async (wrap) => {
        const { warnings } = await run(at(1), { tier, wrap });
        const found = await promised(image.id);
        expect(found && isTagTooShort(found)).toBe(false);
        await records.change(owner, image.id, () => ({ retention: "90" }));
        return warnings > 0;
      });
    await run(at(1) + 2 * HOUR, { tier: "pro" });
    expect(await promised(image.id)).toMatchObject({ retention: "365", tag: "365" });
  });
});
