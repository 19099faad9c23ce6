// The reconcile timer against Azurite: images that fail are tried again, later each time, until it gives up.
import { beforeEach, describe, expect, it } from "vitest";
import type { ImageRecord } from "../lib/image.ts";
import {
  createRecord,
  imageLines,
  lines,
  log,
  MINUTE,
  now,
  owner,
  reconcile,
  records,
  startOver,
  statusOf,
  thumbnailer,
} from "./reconcile.fixture.ts";

beforeEach(startOver);

describe("reconcileImages", () => {
  it("sets an image that cannot be read twice to failed, and does not try again", async () => {
    const record = await createRecord("pending", { broken: true });
    await reconcile();
    expect(await statusOf(record)).toBe("pending");
    await reconcile({}, { at: now + 5 * MINUTE });
    expect(await statusOf(record)).toBe("failed");
    await reconcile({}, { at: now + 10_000 * MINUTE });
    expect(imageLines()).toMatchObject([{ message: "reconcile-failed" }, { outcome: "failed" }]);
  });

  it("continues after a failing image and logs reconcile-failed", async () => {
    const images = [await createRecord("pending"), await createRecord("pending"), await createRecord("pending")];
    const failing = images[0]?.id;
    const create = (imageOwner: string, id: string) =>
      id === failing ? Promise.reject(new Error("not now")) : thumbnailer.create(imageOwner, id, log);
    await reconcile({ thumbnailer: { create } });
    expect(await Promise.all(images.map(statusOf))).toEqual(["pending", "ready", "ready"]);
    expect(lines.filter(({ message }) => message === "reconcile-failed")).toMatchObject([
      { level: "warn", image: failing, error: { message: "not now" } },
    ]);
    expect(lines.at(-1)).toMatchObject({ message: "images-reconciled", unfinished: 3 });
    await reconcile({}, { at: now + 6 * MINUTE });
    expect(await Promise.all(images.map(statusOf))).toEqual(["ready", "ready", "ready"]);
  });

  it("retries an image that failed for a reason on our side, and sets it to ready", async () => {
    const record = await createRecord("pending", { age: MINUTE });
    const retryAt = new Date(now).toISOString();
    await records.change(owner, record.id, () => ({ status: "failed", reason: "Our error.", retryAt }));
    await reconcile();
    const ready = await records.find(owner, record.id);
    expect(ready).toMatchObject({ status: "ready" });
    for (const field of ["reason", "attempts", "retryAt"]) expect(ready).not.toHaveProperty(field);
  });

  it("waits longer after each failing attempt, and gives up after the eighth with thumbnail-given-up", async () => {
    const record = await createRecord("pending");
    const create = () => Promise.reject(new Error("not now"));
    const waits: number[] = [];
    let at = now;
    for (let attempt = 1; attempt <= 8; attempt++) {
      await reconcile({ thumbnailer: { create } }, { at: at });
      const { attempts, retryAt, status } = (await records.find(owner, record.id)) ?? {};
      expect({ attempts, status }).toEqual({ attempts: attempt, status: "pending" });
      waits.push((Date.parse(retryAt ?? "") - at) / MINUTE);
      const before = lines.length;
      at = Date.parse(retryAt ?? "") - 1;
      await reconcile({}, { at: at++ });
      expect(lines.slice(before)).toMatchObject([{ message: "images-reconciled", unfinished: 0 }]);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 5]);
    await reconcile({}, { at: at });
    const failed = await records.find(owner, record.id);
    expect(failed).toMatchObject({ status: "failed", reason: expect.stringContaining("on our side") });
    expect(failed).not.toHaveProperty("retryAt");
    expect(lines.at(-2)).toMatchObject({ level: "error", message: "thumbnail-given-up", image: record.id });
    await reconcile({}, { at: at + 10_000 * MINUTE });
    expect(await statusOf(record)).toBe("failed");
  });

  it("counts an attempt before it starts, so that one that ends the process counts too", async () => {
    const record = await createRecord("pending");
    let counted: ImageRecord | undefined;
    const create = async () => {
      counted = await records.find(owner, record.id);
      throw new Error("the process ends");
    };
    await reconcile({ thumbnailer: { create } });
    expect(counted).toMatchObject({ id: record.id, attempts: 1, retryAt: expect.any(String) });
  });
});
