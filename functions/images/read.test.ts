// GET /v1/images/{id} through the boundary, against Azurite.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import type { ImageRecord } from "../lib/image.ts";
import { exampleImage } from "./image-response.ts";
import { newOwner, openIntake } from "./intake.fixture.ts";
import { readImage } from "./read.ts";

const { records: images } = openIntake();
const deps = {
  images,
  siteUrl: "https://site.example.com/",
  issueLink: async (_image: ImageRecord, variant: string, { seconds }: { seconds: number }) => ({
    url: `https://media.example.com/${variant}?se=${seconds}&sig=x`,
    expiresAt: Date.UTC(2026, 10, 21, 10),
  }),
  async authenticate(authorization: string | null) {
    if (authorization === null) throw new AppError("UNAUTHENTICATED", "No token.");
    return { subject: authorization.slice("Bearer ".length), role: "viewer" as const };
  },
};
const route = routesFor<typeof deps>()("image-read", "GET", "/v1/images/{id:guid}", "images:read", "none", readImage);
const read = (id: string, subject?: string, { method = "GET", query = "" } = {}) =>
  invoke(route, deps, {
    method,
    params: { id },
    headers: subject ? { authorization: `Bearer ${subject}` } : {},
    url: `http://localhost/api/v1/images/${id}${query}`,
  });
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
    expect(await read(record.id, owner, { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
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

describe("readImage with embed=picture", () => {
  const embed = (query = "?embed=picture&expires=3600") => read(record.id, record.owner, { query });

  it("returns the HTML of a picture as JSON, with a link to each variant and the alternative text", async () => {
    const variants = [
      { name: "256.avif", format: "avif" as const, width: 256, height: 171, size: 9_000 },
      { name: "256.webp", format: "webp" as const, width: 256, height: 171, size: 9_000 },
    ];
    await images.change(record.owner, record.id, () => ({ variants, alt: 'Ada "Countess"', placeholder: "UklGRg==" }));
    const response = await embed();
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(JSON.parse(response.text)).toEqual({
      html: [
        '<picture><source type="image/avif" srcset="https://media.example.com/256.avif?se=3600&amp;sig=x 256w"',
        ' sizes="(max-width: 256px) 100vw, 256px"><img src="https://media.example.com/256.webp?se=3600&amp;sig=x"',
        ' srcset="https://media.example.com/256.webp?se=3600&amp;sig=x 256w" sizes="(max-width: 256px) 100vw, 256px"',
        ' width="256" height="171" alt="Ada &quot;Countess&quot;" loading="lazy" decoding="async"',
        ' style="max-width:100%;height:auto;background:url(data:image/webp;base64,UklGRg==) center/cover no-repeat"></picture>',
      ].join(""),
      expiresAt: "2026-11-21T10:00:00.000Z",
    });
  });

  it("returns public URLs that do not expire for a public image, and links when the request has an expiry", async () => {
    await images.change(record.owner, record.id, () => ({ visibility: "public" }));
    const url = `https://site.example.com/images/${record.id}/256.webp`;
    expect(JSON.parse((await embed("?embed=picture")).text)).toEqual({ html: expect.stringContaining(`src="${url}"`) });
    expect(JSON.parse((await embed()).text)).toMatchObject({
      html: expect.stringContaining("sig=x"),
      expiresAt: "2026-11-21T10:00:00.000Z",
    });
    expect(JSON.parse((await embed("")).text).variants).toMatchObject([{ name: "256.webp", url }]);
  });

  it("returns the thumbnail alone for a record of a release before variants", async () => {
    expect(JSON.parse((await embed()).text).html).toMatch(
      /^<picture><img src="https:\/\/media.example.com\/256.webp\?/,
    );
  });

  it.each([
    "?embed=picture",
    "?embed=picture&expires=59",
    "?embed=picture&expires=518401",
    "?embed=picture&expires=1h",
    "?embed=html&expires=3600",
    "?expires=3600",
  ])("rejects %s with VALIDATION_FAILED", async (query) => {
    expect((await embed(query)).error()).toMatchObject({ code: "VALIDATION_FAILED" });
  });

  it("names expires in the error of a picture without it", async () => {
    const { details, message } = (await embed("?embed=picture")).error();
    expect(details).toMatchObject([{ path: "query.expires" }]);
    expect(message).toContain("because links to a private image expire");
  });

  it("rejects the picture of an image whose variants do not exist yet with CONFLICT", async () => {
    await images.change(record.owner, record.id, () => ({ status: "pending" }));
    expect((await embed()).error().code).toBe("CONFLICT");
  });
});
