// The retention when record, index tag and roster disagree, or one of them cannot be read: nothing is deleted too early.
import { beforeEach, describe, expect, it } from "vitest";
import type { ImageRecord } from "../lib/image.ts";
import { originalBlobName, type Retention } from "../lib/image.ts";
import {
  DAY,
  HOUR,
  originals,
  owner,
  patch,
  promised,
  records,
  run,
  startOver,
  stored,
  upload,
} from "./retention.fixture.ts";

let image: ImageRecord;
const at = (days: number) => Date.parse(image.createdAt) + days * DAY;
const found = () => records.find(owner, image.id);
const setTag = (retention: Retention) => originals.setTags(originalBlobName(image), { retention });

beforeEach(async () => {
  startOver();
  image = await upload("free");
});

describe("an expired image whose tag promises longer than its record", () => {
  it("is usable again instead of deleted, after a restored table has lost the PATCH of its owner", async () => {
    await run(at(90));
    const backup = await found();
    expect((await patch(image.id, { retention: "keep" })).status).toBe(200);
    await records.change(owner, image.id, () => ({ ...backup, retagAt: undefined }));
    expect(await promised(image.id)).toMatchObject({ status: "expired", retention: "90", tag: "keep" });
    const { done, warnings } = await run(at(98));
    expect([done, warnings]).toEqual([expect.not.objectContaining({ deleted: 1 }), 1]);
    expect(await promised(image.id)).toEqual({ status: "ready", retention: "keep", days: undefined, tag: "keep" });
    expect(await found()).toMatchObject({ retentionFrom: "owner" });
  });

  it("is deleted a week later when that retention has ended too", async () => {
    await run(at(90));
    await setTag("180");
    await run(at(200));
    expect(await promised(image.id)).toEqual({ status: "expired", retention: "180", days: 180, tag: "180" });
    await run(at(207) - 1);
    expect((await found())?.status).toBe("expired");
    await run(at(207));
    expect(await stored()).toBe(0);
  });

  it("stays while its tag cannot be read, and is deleted when it has none", async () => {
    await run(at(90));
    const deps = { originals: { ...originals, tags: () => Promise.reject(new Error("no connection")) } };
    expect((await run(at(98), { deps })).warnings).toBe(1);
    expect((await found())?.status).toBe("expired");
    await originals.setTags(originalBlobName(image), {});
    await run(at(98));
    expect(await stored()).toBe(0);
  });
});

describe("a PATCH to a longer retention that is rejected", () => {
  it("leaves the tag as it is when If-Match is stale, and when that retention has ended", async () => {
    const stale = await patch(image.id, { retention: "365" }, { ifMatch: '"stale.stale"' });
    expect([stale.status, await promised(image.id)]).toMatchObject([412, { retention: "90", tag: "90" }]);
    expect(await found()).not.toHaveProperty("retagAt");
    await records.change(owner, image.id, () => ({ createdAt: new Date(at(-200)).toISOString() }));
    expect((await patch(image.id, { retention: "180" })).error().code).toBe("CONFLICT");
    expect(await promised(image.id)).toMatchObject({ retention: "90", tag: "90" });
  });

  it("has its tag written again when another change comes between tag and record", async () => {
    const ifMatch = (await patch(image.id, { alt: "first" })).headers.get("etag") ?? "";
    const setTags: typeof originals.setTags = async (...args) => {
      await records.change(owner, image.id, () => ({ alt: "second" }));
      return originals.setTags(...args);
    };
    const deps = { originals: { ...originals, setTags } };
    expect((await patch(image.id, { retention: "365" }, { ifMatch, deps })).status).toBe(412);
    expect(await promised(image.id)).toMatchObject({ retention: "90", tag: "365" });
    await run(Date.now() + HOUR + 1_000);
    expect(await promised(image.id)).toMatchObject({ retention: "90", tag: "90" });
  });
});

describe("a run that cannot read the roster", () => {
  const deps = { users: { read: () => Promise.reject(new Error("no connection")) } };

  it("neither expires nor deletes an image whose retention is from its tier", async () => {
    await run(at(90), { deps });
    expect((await found())?.status).toBe("ready");
    await run(at(90));
    await run(at(97), { deps });
    expect((await found())?.status).toBe("expired");
    await run(at(97));
    expect(await stored()).toBe(0);
  });

  it("expires and deletes an image whose retention its owner chose", async () => {
    await patch(image.id, { retention: "90" });
    expect((await run(at(90), { deps })).done).toMatchObject({ expired: 1 });
    expect((await run(at(97), { deps })).done).toMatchObject({ deleted: 1 });
  });
});
