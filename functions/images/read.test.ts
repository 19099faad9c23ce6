// Reading a record through the boundary, against Azurite.
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
  async verifyToken(authorization: string | null) {
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

describe("an image's record", () => {
  it("is answered to its owner, without what is kept for ourselves, whichever way its id is written", async () => {
    const { owner, sourceEtag, ...shown } = record;
    for (const id of [record.id, record.id.toUpperCase()]) {
      const reply = await read(id, owner);
      expect(reply.status).toBe(200);
      expect(JSON.parse(reply.text)).toEqual(shown);
    }
    expect(await read(record.id, owner, "HEAD")).toMatchObject({ status: 200, text: "" });
  });

  it("of somebody else is 404, just as one that never was", async () => {
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

  it("under an id that is none is 400, and without a token 401", async () => {
    expect((await read("x", record.owner)).error().code).toBe("VALIDATION_FAILED");
    expect((await read(record.id)).error().code).toBe("UNAUTHENTICATED");
  });
});
