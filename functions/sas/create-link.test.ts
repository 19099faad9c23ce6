// Asking for links through the boundary: what is refused, with which code, and what is signed for whom.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/operation.ts";
import type { ImageRecord } from "../lib/image.ts";
import { createLink } from "./create-link.ts";
import type { IssueLink } from "./issue-link.ts";

const id = "0198c0de-0000-7000-8000-00000000abcd";
const end = Date.UTC(2026, 10, 21, 10);
let stored: ImageRecord[];
let issued: Parameters<IssueLink>[];

/** Images in memory, and a signer that remembers what it signed; both as the real ones behave. */
const deps = {
  async verifyToken(authorization: string | null) {
    if (authorization === null) throw new AppError("UNAUTHENTICATED", "No token.");
    return { subject: authorization.slice("Bearer ".length), role: "viewer" as const };
  },
  images: {
    find: async (owner: string, imageId: string) => stored.find((each) => each.owner === owner && each.id === imageId),
  },
  async issueLink(...asked: Parameters<IssueLink>) {
    issued.push(asked);
    return { url: `https://media.example.com/${asked[1]}?sig=x`, expiresAt: end };
  },
};
const route = routesFor<typeof deps>()("sas-issue", "POST", "/v1/sas", "images:read", "none", createLink);
const ask = (body: unknown, headers: Record<string, string> = { authorization: "Bearer ada" }) =>
  invoke(route, deps, {
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
  ...changes,
});

beforeEach(() => {
  issued = [];
  stored = [image()];
});

describe("a link", () => {
  it.each(["original", "thumbnail"])("is issued to whoever owns the image and may read it: %s", async (variant) => {
    const reply = await ask({ imageId: id, variant, expiresIn: 60 });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toEqual({
      url: `https://media.example.com/${variant}?sig=x`,
      imageId: id,
      variant,
      expiresAt: "2026-11-21T10:00:00.000Z",
    });
    expect(issued).toEqual([[image(), variant, 60]]);
  });

  it("lasts an hour unless it is said, and takes an id in capitals", async () => {
    expect((await ask({ imageId: id.toUpperCase(), variant: "original" })).status).toBe(200);
    expect(issued).toEqual([[image(), "original", 3_600]]);
  });

  it("needs a token", async () => {
    const reply = await ask({ imageId: id, variant: "original" }, {});
    expect(reply.error().code).toBe("UNAUTHENTICATED");
  });

  it("to an image of somebody else is refused just as one to an image that never was", async () => {
    const request = { imageId: id, variant: "original" };
    const foreign = await ask(request, { authorization: "Bearer eve" });
    stored = [];
    const absent = await ask(request, { authorization: "Bearer eve" });
    expect(foreign.status).toBe(404);
    expect({ ...foreign.error(), trace_id: "" }).toEqual({ ...absent.error(), trace_id: "" });
    expect(issued).toEqual([]);
  });

  it.each<[ImageRecord["status"], string, string | undefined]>([
    ["uploading", "original", "CONFLICT"],
    ["uploading", "thumbnail", "CONFLICT"],
    ["pending", "original", undefined],
    ["pending", "thumbnail", "CONFLICT"],
    ["failed", "original", undefined],
    ["failed", "thumbnail", "CONFLICT"],
  ])("to an image that is %s, its %s: %s", async (status, variant, code) => {
    stored = [image({ status, reason: "It is broken." })];
    const reply = await ask({ imageId: id, variant });
    expect(reply.status).toBe(code ? 409 : 200);
    if (code) expect(reply.error().code).toBe(code);
    expect(issued).toHaveLength(code ? 0 : 1);
  });

  it("to a thumbnail that failed is refused with the reason", async () => {
    stored = [image({ status: "failed", reason: "It is broken." })];
    expect((await ask({ imageId: id, variant: "thumbnail" })).error().message).toContain("It is broken.");
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
    ["body", []],
    ["body", null],
  ])("is refused as a fault of %s: %j", async (path, body) => {
    const reply = await ask(body);
    expect(reply.status).toBe(400);
    expect(reply.error()).toMatchObject({ code: "VALIDATION_FAILED", details: [{ path }] });
    expect(issued).toEqual([]);
  });

  it("that no key can be had for is 503, and says when to try again", async () => {
    const failure = () => Promise.reject(new AppError("DEPENDENCY_UNAVAILABLE", "x", { retryAfter: 5 }));
    const reply = await invoke(
      route,
      { ...deps, issueLink: failure },
      {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer ada" },
        body: JSON.stringify({ imageId: id, variant: "original" }),
      },
    );
    expect(reply.status).toBe(503);
    expect(reply.headers.get("retry-after")).toBe("5");
  });
});
