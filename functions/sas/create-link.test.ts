// POST /v1/sas through the boundary: which links are issued to whom, and which requests are rejected with which code.
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/operation.ts";
import type { ImageRecord } from "../lib/image.ts";
import { createLimits } from "../lib/limits/limiter.ts";
import { consoleLog } from "../lib/log.ts";
import { createLink } from "./create-link.ts";
import type { IssueLink } from "./issue-link.ts";

const id = "0198c0de-0000-7000-8000-00000000abcd";
const other = "0198c0de-0000-7000-8000-00000000abce";
const quotas = { authenticated: 20, anonymous: 1, visits: 1, uploads: 1, secret: 1, keys: 1 };
const never = () => {
  throw new Error("The limits of a list are in memory.");
};
const end = Date.UTC(2026, 10, 21, 10);
let records: ImageRecord[];
let issued: Parameters<IssueLink>[];
let reads: string[];

/** Images in memory, and an issuer that records its calls. */
const deps = {
  async authenticate(authorization: string | null) {
    if (authorization === null) throw new AppError("UNAUTHENTICATED", "No token.");
    return { subject: authorization.slice("Bearer ".length), role: "viewer" as const };
  },
  images: {
    async find(owner: string, imageId: string) {
      reads.push(imageId);
      await setImmediate();
      return records.find((each) => each.owner === owner && each.id === imageId);
    },
  },
  async issueLink(...args: Parameters<IssueLink>) {
    issued.push(args);
    return { url: `https://media.example.com/${args[1]}?sig=x`, expiresAt: end };
  },
};
const route = routesFor<typeof deps>()("sas-issue", "POST", "/v1/sas", "images:read", "default", createLink);
const post = (body: unknown, headers: Record<string, string> = { authorization: "Bearer ada" }, used = deps) =>
  invoke(route, used, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const image = (changes: Partial<ImageRecord> = {}): ImageRecord => ({
  owner: "ada",
  id,
  filename: "a.png",
  contentType: "image/png",
  size: 70,
  width: 2,
  height: 1,
  createdAt: "2026-11-21T09:00:00.000Z",
  status: "ready",
  thumbnail: { width: 2, height: 1, size: 40 },
  ...changes,
});

beforeEach(() => {
  issued = [];
  reads = [];
  records = [image()];
});

describe("createLink", () => {
  it.each(["original", "thumbnail"])("returns a link to the %s of the caller's image", async (variant) => {
    const response = await post({ imageId: id, variant, expiresIn: 60 });
    expect(response.status).toBe(200);
    expect(JSON.parse(response.text)).toEqual({
      url: `https://media.example.com/${variant}?sig=x`,
      imageId: id,
      variant,
      expiresAt: "2026-11-21T10:00:00.000Z",
    });
    expect(issued).toEqual([[image(), variant, { seconds: 60, isStable: false }]]);
  });

  it("creates a link of one hour by default, for an id in any case", async () => {
    expect((await post({ imageId: id.toUpperCase(), variant: "original" })).status).toBe(200);
    expect(issued).toEqual([[image(), "original", { seconds: 3_600, isStable: false }]]);
  });

  it("rejects a request without a token with UNAUTHENTICATED", async () => {
    const response = await post({ imageId: id, variant: "original" }, {});
    expect(response.error().code).toBe("UNAUTHENTICATED");
  });

  it("returns the same 404 for an image of another owner and for an unknown image", async () => {
    const request = { imageId: id, variant: "original" };
    const foreign = await post(request, { authorization: "Bearer eve" });
    records = [];
    const unknown = await post(request, { authorization: "Bearer eve" });
    expect(foreign.status).toBe(404);
    expect({ ...foreign.error(), trace_id: "" }).toEqual({ ...unknown.error(), trace_id: "" });
    expect(issued).toEqual([]);
  });

  it.each<[ImageRecord["status"], string, string | undefined]>([
    ["uploading", "original", "CONFLICT"],
    ["uploading", "thumbnail", "CONFLICT"],
    ["pending", "original", undefined],
    ["pending", "thumbnail", "CONFLICT"],
    ["failed", "original", undefined],
    ["failed", "thumbnail", "CONFLICT"],
  ])("a link to an image that is %s and its %s ends with error %s", async (status, variant, code) => {
    records = [image({ status, reason: "It is broken." })];
    const response = await post({ imageId: id, variant });
    expect(response.status).toBe(code ? 409 : 200);
    if (code) expect(response.error().code).toBe(code);
    expect(issued).toHaveLength(code ? 0 : 1);
  });

  it("returns a link to a variant by its name, also while the image is processed again", async () => {
    const variants = [{ name: "640.avif", format: "avif" as const, width: 600, height: 400, size: 9_000 }];
    for (const status of ["ready", "pending"] as const) {
      records = [image({ status, variants })];
      expect((await post({ imageId: id, variant: "640.avif" })).status).toBe(200);
    }
    expect(issued.map(([, variant]) => variant)).toEqual(["640.avif", "640.avif"]);
  });

  it("rejects a link to a variant that the image lacks with NOT_FOUND and the names of those it has", async () => {
    const response = await post({ imageId: id, variant: "640.webp" });
    expect(response.error()).toMatchObject({
      code: "NOT_FOUND",
      message: "The image has no variant 640.webp: request one of original, thumbnail, 256.webp.",
    });
    expect(issued).toEqual([]);
  });

  it("rejects a link to a failed thumbnail with the reason", async () => {
    records = [image({ status: "failed", reason: "It is broken." })];
    expect((await post({ imageId: id, variant: "thumbnail" })).error().message).toContain("It is broken.");
  });

  it.each<[string, unknown]>([
    ["body.imageId", { variant: "original" }],
    ["body.imageId", { imageId: "x", variant: "original" }],
    ["body.imageId", { imageId: `${id}/../${randomUUID()}`, variant: "original" }],
    ["body.variant", { imageId: id }],
    ["body.variant", { imageId: id, variant: "thumb_512" }],
    ["body.expiresIn", { imageId: id, variant: "original", expiresIn: 59 }],
    ["body.expiresIn", { imageId: id, variant: "original", expiresIn: 518_401 }],
    ["body.expiresIn", { imageId: id, variant: "original", expiresIn: 60.5 }],
    ["body.expiresIn", { imageId: id, variant: "original", expiresIn: "60" }],
    ["body.expiresIn", { imageId: id, variant: "original", expiresIn: null }],
    ["body.permissions", { imageId: id, variant: "original", permissions: "rw" }],
    ["body.owner", { imageId: id, variant: "original", owner: "ada" }],
    ["body.expiresIn", { imageId: id, variant: "original", expiresIn: 518_341, stable: true }],
    ["body.stable", { imageId: id, variant: "original", stable: "true" }],
    ["body", []],
    ["body", Array(101).fill({ imageId: id, variant: "original" })],
    ["body.1.variant", [{ imageId: id, variant: "original" }, { imageId: id }]],
    ["body", null],
  ])("rejects an invalid %s with VALIDATION_FAILED: %j", async (path, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(response.error()).toMatchObject({ code: "VALIDATION_FAILED", details: [{ path }] });
    expect(issued).toEqual([]);
  });

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

  it("returns 503 with Retry-After when there is no key to sign with", async () => {
    const failure = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "x", { retryAfter: 5 }));
    const response = await invoke(
      route,
      { ...deps, issueLink: failure },
      {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer ada" },
        body: JSON.stringify({ imageId: id, variant: "original" }),
      },
    );
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
  });
});
