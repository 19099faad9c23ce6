// POST /v1/images through the boundary, against Azurite: every response by status and code.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { type Call, invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { pngBomb } from "./hostile-images.fixture.ts";
import { contentTypes, imageFormats } from "./image-format.ts";
import { imageResponse, toResponse } from "./image-response.ts";
import { openIntake, storedBy } from "./intake.fixture.ts";
import { testImage } from "./test-images.fixture.ts";
import { createUploadGate, uploadImage } from "./upload.ts";

const { intake, records: images } = openIntake();
const deps = {
  intake,
  uploadGate: createUploadGate(),
  async authenticate(authorization: string | null) {
    const [, role, subject = ""] = /^Bearer (owner|editor|viewer) (.*)$/.exec(authorization ?? "") ?? [];
    if (!role) throw new AppError("UNAUTHENTICATED", "No token.");
    return { subject, role: role as "owner" | "editor" | "viewer" };
  },
};
const route = routesFor<typeof deps>()("image-upload", "POST", "/v1/images", "images:write", "none", uploadImage);
const newSubject = () => `test-${randomUUID()}`;
const as = (subject: string, role = "owner") => ({ authorization: `Bearer ${role} ${subject}` });
const png = { "content-type": "image/png" };

function upload(body: Call["body"], headers: Record<string, string>, query = "") {
  const url = `http://localhost/api/v1/images${query}`;
  return invoke(route, deps, { method: "POST", url, headers, ...(body !== undefined && { body }) });
}
const bytesOf = async (format: (typeof imageFormats)[number]) => new Uint8Array(await testImage(format));

/** A form as fetch sends it. */
async function form(...files: [field: string, bytes: Uint8Array<ArrayBuffer>, name: string][]) {
  const data = new FormData();
  for (const [field, bytes, name] of files) data.append(field, new File([bytes], name));
  const request = new Request("http://x", { method: "POST", body: data });
  return {
    body: new Uint8Array(await request.arrayBuffer()),
    headers: { "content-type": request.headers.get("content-type") as string },
  };
}

describe("uploadImage", () => {
  it.each(imageFormats)("returns 201 with the record of a %s, which can then be read", async (format) => {
    const subject = newSubject();
    const bytes = await bytesOf(format);
    const { body, headers } = await form(["file", bytes, "Zoë.png"]);
    const raw = { ...as(subject), "content-type": contentTypes[format] };
    const responses = [
      await upload(body, { ...as(subject), ...headers }, "?optimize=false"),
      await upload(bytes, raw, "?filename=Zo%C3%AB.png&optimize=true&quality=low"),
    ];
    for (const response of responses) {
      expect(response.status).toBe(201);
      const record = imageResponse.strict().parse(JSON.parse(response.text));
      expect(record).toMatchObject({ contentType: contentTypes[format], status: "pending" });
      expect(record.filename).toMatch(/^Zoë\.png(\.\w+)?$/);
      expect(response.headers.get("location")).toBe(`/api/v1/images/${record.id}`);
      const stored = await images.find(subject, record.id);
      expect(stored && toResponse(stored)).toEqual(record);
    }
    expect(JSON.parse(responses[0]?.text ?? "")).toMatchObject({ size: bytes.length, metadata: "kept" });
    expect(JSON.parse(responses[1]?.text ?? "")).toMatchObject({ metadata: "removed" });
    const again = await upload(bytes, raw, "?quality=low");
    expect([again.status, again.text]).toEqual([200, responses[1]?.text]);
    expect(again.headers.get("location")).toBe(responses[1]?.headers.get("location"));
  });

  it("detects the format from the bytes, not from name or Content-Type", async () => {
    const response = await upload(await bytesOf("jpeg"), { ...as(newSubject()), ...png }, "?filename=photo.png");
    expect(JSON.parse(response.text)).toMatchObject({ contentType: "image/jpeg", filename: "photo.png.jpg" });
  });

  it("returns 401 without a token and 403 to a viewer, without reading the body", async () => {
    let pulls = 0;
    const body = () =>
      new ReadableStream<Uint8Array>(
        { pull: (controller) => (pulls++ < 10 ? controller.enqueue(new Uint8Array(9)) : controller.close()) },
        { highWaterMark: 0 },
      );
    expect((await upload(body(), png)).error().code).toBe("UNAUTHENTICATED");
    expect((await upload(body(), { ...png, ...as("ada", "viewer") })).error().code).toBe("FORBIDDEN");
    expect(pulls).toBe(0);
  });

  it("returns 413 for an endless body, reads only up to the limit and does not cancel it", async () => {
    const state = { bytes: 0, cancelled: false };
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          state.bytes += 65_536;
          controller.enqueue(new Uint8Array(65_536));
        },
        cancel() {
          state.cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const subject = newSubject();
    const response = await upload(body, { ...png, ...as(subject) });
    expect(response).toMatchObject({ status: 413 });
    expect(response.error().code).toBe("PAYLOAD_TOO_LARGE");
    expect(state.bytes).toBeLessThanOrEqual(intake.maxBytes + 2 * 65_536);
    expect(state.cancelled).toBe(false);
    expect(await storedBy(subject)).toEqual({ records: [], blobs: [] });
  });

  it("returns 400 when the client closes the connection, and stores nothing", async () => {
    const subject = newSubject();
    const { body, headers } = await form(["file", await bytesOf("png"), "a.png"]);
    for (const [part, type] of [
      [body, headers],
      [await bytesOf("png"), png],
    ] as const) {
      const truncated = ReadableStream.from(
        (async function* () {
          yield part.subarray(0, part.length / 2);
          throw new Error("ECONNRESET");
        })(),
      ) as ReadableStream<Uint8Array>;
      const response = await upload(truncated, { ...type, ...as(subject) });
      expect(response.error().code).toBe("VALIDATION_FAILED");
      expect(response.lines).toMatchObject([{ loggedAt: "information", status: 400 }]);
    }
    expect(await storedBy(subject)).toEqual({ records: [], blobs: [] });
  });

  const good = bytesOf("png");
  it.each<
    [string, string, () => Promise<{ body?: Uint8Array<ArrayBuffer>; headers: Record<string, string>; query?: string }>]
  >([
    ["VALIDATION_FAILED", "a form with another field", async () => form(["image", await good, "a.png"])],
    [
      "VALIDATION_FAILED",
      "a form with two files",
      async () => form(["file", await good, "a.png"], ["file", await good, "b.png"]),
    ],
    [
      "VALIDATION_FAILED",
      "a form without a boundary",
      async () => ({ body: await good, headers: { "content-type": "multipart/form-data" } }),
    ],
    [
      "VALIDATION_FAILED",
      "a form that does not use its boundary",
      async () => ({ body: await good, headers: { "content-type": "multipart/form-data; boundary=x" } }),
    ],
    ["VALIDATION_FAILED", "an empty body", async () => ({ headers: png })],
    ["VALIDATION_FAILED", "an empty file in a form", async () => form(["file", new Uint8Array(), "a.png"])],
    [
      "VALIDATION_FAILED",
      "an unknown query parameter",
      async () => ({ body: await good, headers: png, query: "?name=x" }),
    ],
    [
      "VALIDATION_FAILED",
      "a file name of 1,025 characters",
      async () => ({ body: await good, headers: png, query: `?filename=${"x".repeat(1_025)}` }),
    ],
    [
      "UNSUPPORTED_MEDIA_TYPE",
      "Content-Type JSON",
      async () => ({ body: await good, headers: { "content-type": "application/json" } }),
    ],
    ["UNSUPPORTED_MEDIA_TYPE", "no Content-Type", async () => ({ body: await good, headers: {} })],
    [
      "UNSUPPORTED_MEDIA_TYPE",
      "an SVG",
      async () => ({ body: new TextEncoder().encode("<svg/>"), headers: { "content-type": "image/svg+xml" } }),
    ],
    [
      "UNPROCESSABLE_IMAGE",
      "too many pixels",
      async () => ({ body: new Uint8Array(pngBomb(60_000, 60_000)), headers: png }),
    ],
    ["UNPROCESSABLE_IMAGE", "a truncated image", async () => ({ body: (await good).subarray(0, 500), headers: png })],
  ])("rejects with %s and stores nothing: %s", async (code, _, make) => {
    const subject = newSubject();
    const { body, headers, query } = await make();
    const response = await upload(body, { ...headers, ...as(subject) }, query);
    expect(response.error().code).toBe(code);
    expect(await storedBy(subject)).toEqual({ records: [], blobs: [] });
  });
});
