// POST /v1/sas for a list: a link or an error per item, how many records are read at once, and what a list costs.
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { createLimits } from "../lib/limits/limiter.ts";
import { consoleLog } from "../lib/log.ts";
import { id, image, type Memory, openRoute } from "./create-link.fixture.ts";

const other = "0198c0de-0000-7000-8000-00000000abce";
const quotas = { authenticated: 20, anonymous: 1, visits: 1, uploads: 1, secret: 1, keys: 1 };
const never = () => {
  throw new Error("The limits of a list are in memory.");
};
let records: Memory["records"];
let issued: Memory["issued"];
let reads: Memory["reads"];
const { deps, post } = openRoute(() => ({ records, issued, reads }));

beforeEach(() => {
  issued = [];
  reads = [];
  records = [image()];
});

describe("createLink for a list", () => {
  it("returns a link or an error for each item of a list in order, and reads each image once", async () => {
    records.push(image({ id: other, status: "pending" }));
    const response = await post([
      { imageId: id, variant: "original", expiresIn: 60, stable: true },
      { imageId: randomUUID(), variant: "original" },
      { imageId: other, variant: "thumbnail" },
      { imageId: id.toUpperCase(), variant: "thumbnail" },
    ]);
    expect(response.status).toBe(200);
    expect(JSON.parse(response.text)).toEqual({
      items: [
        { url: expect.any(String), imageId: id, variant: "original", expiresAt: "2026-11-21T10:00:00.000Z" },
        { error: { code: "NOT_FOUND", message: expect.stringContaining("You have no image") } },
        { error: { code: "CONFLICT", message: expect.stringContaining("not ready") } },
        { url: expect.any(String), imageId: id, variant: "thumbnail", expiresAt: "2026-11-21T10:00:00.000Z" },
      ],
    });
    expect(issued[0]).toEqual([image(), "original", { seconds: 60, isStable: true }]);
    expect(reads).toHaveLength(3);
  });

  it("reads at most ten records of a list at once, and reports a failed read as the error of its items", async () => {
    let running = 0;
    let most = 0;
    async function find(): Promise<never> {
      most = Math.max(most, ++running);
      await setImmediate();
      running--;
      throw new AppError("DEPENDENCY_UNAVAILABLE", "secret");
    }
    const items = Array.from({ length: 100 }, () => ({ imageId: randomUUID(), variant: "original" }));
    const response = await post(items, { authorization: "Bearer ada" }, { ...deps, images: { find } });
    expect(most).toBe(10);
    const error = { code: "DEPENDENCY_UNAVAILABLE", message: expect.not.stringContaining("secret") };
    expect(JSON.parse(response.text)).toEqual({ items: Array(100).fill({ error }) });
  });

  it("a list costs one unit of the limit per item, and is rejected as a whole, without a cost, above what is left", async () => {
    const limited = { ...deps, limits: createLimits({ quotas, table: () => never(), log: consoleLog }) };
    const send = (length: number) =>
      post(Array(length).fill({ imageId: id, variant: "original" }), { authorization: "Bearer ada" }, limited);
    const first = await send(9);
    expect(first.headers.get("ratelimit")).toMatch(/^"default";r=11;t=\d+$/);
    const rejected = await send(12);
    expect(rejected.status).toBe(429);
    expect(rejected.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(rejected.error().message).toContain("10 are left");
    expect((await send(10)).headers.get("ratelimit")).toMatch(/^"default";r=0;t=\d+$/);
    expect(issued).toHaveLength(19);
  });
});
