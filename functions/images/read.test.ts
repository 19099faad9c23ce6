// GET /v1/images/{id} through the boundary, against Azurite.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/operation.ts";
import type { ImageRecord } from "../lib/image.ts";
import { exampleImage } from "./image-response.ts";
import { newOwner, openIntake } from "./intake.fixture.ts";
import { readImage } from "./read.ts";

const { records: images } = openIntake();
const deps = {
  images,
  async authenticate(authorization: string | null) {
    if (authorization === null) throw new AppError("UNAUTHENTICATED", "No token.");
    return { subject: authorization.slice("Bearer ".length), role: "viewer" as const };
  },
};
const route = routesFor<typeof deps>()("image-read", "GET", "/v1/images/{id:guid}", "images:read", "none", readImage);
const read = (id: string, subject?: string, method = "GET") =>
  invoke(route, deps, { method, params: { id }, headers: subject ? { authorization: `Bearer ${subject}` } : {} });
let record: ImageRecord;

beforeEach(async () => {
  const thumbnail = { width: 2, height: 1, size: 70 };
  const ready = { ...exampleImage, status: "ready" as const, thumbnail, sourceEtag: '"0x1"' };
  record = { ...ready, id: randomUUIDv7(), owner: newOwner() };
  await images.create(record);
});

describe("readImage", () => {
  it("returns the record to its owner without internal fields, for an id in any case", async () => {
    const { owner, sourceEtag, ...publicFields } = record;
    for (const id of [record.id, record.id.toUpperCase()]) {
      const response = await read(id, owner);
      expect(response.status).toBe(200);
      // A record of a release before variants.
      const variants = [{ name: "256.webp", format: "webp", ...record.thumbnail }];
      expect(JSON.parse(response.text)).toEqual({ ...publicFields, variants });
    }
    expect(await read(record.id, owner, "HEAD")).toMatchObject({ status: 200, text: "" });
  });

  it("returns 404 for an image of another owner and for an unknown id", async () => {
    for (const [id, subject] of [
      [record.id, newOwner()],
      [randomUUIDv7(), record.owner],
      [randomUUID(), record.owner],
    ] as const)
      expect((await read(id, subject)).error()).toMatchObject({
        code: "NOT_FOUND",
        message: expect.stringContaining(id),
      });
  });

  it("returns 400 for a malformed id and 401 without a token", async () => {
    expect((await read("x", record.owner)).error().code).toBe("VALIDATION_FAILED");
    expect((await read(record.id)).error().code).toBe("UNAUTHENTICATED");
  });
});
