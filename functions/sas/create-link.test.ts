// POST /v1/sas for one link: which links are issued to whom, and which requests are rejected with which code.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import type { ImageRecord } from "../lib/image.ts";
import { id, image, type Memory, openRoute } from "./create-link.fixture.ts";

let records: Memory["records"];
let issued: Memory["issued"];
const { deps, route, post } = openRoute(() => ({ records, issued, reads: [] }));

beforeEach(() => {
  issued = [];
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
