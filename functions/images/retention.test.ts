// PATCH of the retention against Azurite: record and tag, their order, and writes that come late.
import { beforeEach, describe, expect, it } from "vitest";
import type { ImageRecord } from "../lib/image.ts";
import { dieAt } from "./dying-process.fixture.ts";
import {
  DAY,
  HOUR,
  isTagTooShort,
  originals,
  owner,
  patch,
  promised,
  records,
  run,
  startOver,
  upload,
} from "./retention.fixture.ts";

let image: ImageRecord;
const age = (days: number) =>
  records.change(owner, image.id, (current) => ({
    createdAt: new Date(Date.now() - days * DAY).toISOString(),
    expiresAt: new Date(Date.now() + (Number(current.retention) - days) * DAY).toISOString(),
  }));

beforeEach(async () => {
  startOver();
  image = await upload("basic");
});

describe("PATCH of the retention", () => {
  it("shortens and lengthens it from the time of the upload, and the tag follows", async () => {
    for (const [retention, days] of [
      ["90", 90],
      ["365", 365],
      ["keep", undefined],
      ["180", 180],
    ] as const) {
      const response = await patch(image.id, { retention, alt: retention });
      const expiresAt = days && new Date(Date.parse(image.createdAt) + days * DAY).toISOString();
      const shown = JSON.parse(response.text);
      expect([response.status, shown.retention, shown.expiresAt, shown.alt]).toEqual([
        200,
        retention,
        expiresAt,
        retention,
      ]);
      expect(shown).not.toHaveProperty("retagAt");
      expect(await promised(image.id)).toEqual({ status: "ready", retention, days, tag: retention });
    }
  });

  it("is a conflict for the ETag of a read before it", async () => {
    const etag = (await patch(image.id, { alt: "a" })).headers.get("etag") ?? "";
    expect((await patch(image.id, { retention: "90" }, { ifMatch: etag })).status).toBe(200);
    expect((await patch(image.id, { alt: "b" }, { ifMatch: etag })).status).toBe(412);
  });

  it("rejects a retention that has ended already, one that is unknown, and an image that is still being stored", async () => {
    await age(100);
    const past = await patch(image.id, { retention: "90" });
    expect(past.error()).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("90 days ended at") });
    const message = expect.stringContaining("body.retention");
    for (const retention of ["91", 90, null])
      expect((await patch(image.id, { retention })).error()).toMatchObject({ code: "VALIDATION_FAILED", message });
    await records.change(owner, image.id, () => ({ status: "uploading" }));
    expect((await patch(image.id, { retention: "365" })).error().code).toBe("CONFLICT");
    expect((await records.find(owner, image.id))?.retention).toBe("180");
  });

  it("makes an expired image usable again, or rendered again when it has no variants", async () => {
    await age(181);
    await run(Date.now());
    expect((await promised(image.id))?.status).toBe("expired");
    expect((await patch(image.id, { alt: "still" })).status).toBe(200);
    expect((await promised(image.id))?.status).toBe("expired");
    expect(JSON.parse((await patch(image.id, { retention: "365" })).text)).not.toHaveProperty("expiredAt");
    expect(await promised(image.id)).toMatchObject({ status: "ready", retention: "365", tag: "365" });
    await records.change(owner, image.id, () => ({ status: "expired", variants: undefined, thumbnail: undefined }));
    await patch(image.id, { retention: "keep" });
    expect(await records.find(owner, image.id)).toMatchObject({ status: "pending" });
    expect(await records.find(owner, image.id)).not.toHaveProperty("sourceEtag");
  });

  it("never leaves a tag that promises less than the record when it dies, and the timer repairs the tag", async () => {
    // A death before a call leaves what the death after the previous one does.
    for (const [before, after] of [
      ["365", "90"],
      ["90", "365"],
    ] as const)
      for (let call = 1; call <= 4; call++) {
        await patch(image.id, { retention: before });
        const dying = dieAt(call, "after");
        const deps = {
          images: { ...records, find: dying(records.find), change: dying(records.change) },
          originals: { ...originals, setTags: dying(originals.setTags) },
        };
        await patch(image.id, { retention: after }, { deps });
        const found = await promised(image.id);
        expect(found && isTagTooShort(found)).toBe(false);
        await run(Date.now() + HOUR + 1_000);
        const repaired = await promised(image.id);
        expect([repaired?.retention, repaired?.tag]).toEqual([repaired?.retention, repaired?.retention]);
      }
  });

  it("repairs the tag within two hours when a shorter one is written late, after the retention became longer", async () => {
    let late = () => Promise.resolve(false);
    const setTags: typeof originals.setTags = async (...args) => {
      late = () => originals.setTags(...args);
      return true;
    };
    await patch(image.id, { retention: "90" }, { deps: { originals: { ...originals, setTags } } });
    await patch(image.id, { retention: "keep" });
    await run(Date.now() + HOUR - 60_000);
    await late();
    expect(await promised(image.id)).toMatchObject({ retention: "keep", tag: "90" });
    await run(Date.now() + HOUR + 1_000);
    expect(await promised(image.id)).toMatchObject({ retention: "keep", tag: "keep" });
    expect(await records.find(owner, image.id)).not.toHaveProperty("retagAt");
  });
});
