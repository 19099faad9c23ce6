// Uploading through the boundary, against Azurite: every answer by its status and code.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { type Call, invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/operation.ts";
import { pngBomb } from "./hostile-images.fixture.ts";
import { contentTypes, imageFormats } from "./image-format.ts";
import { imageResponse } from "./image-response.ts";
import { openIntake, storedBy } from "./intake.fixture.ts";
import { testImage } from "./test-images.fixture.ts";
import { uploadImage } from "./upload.ts";

const { intake, records: images } = openIntake();
const deps = {
  intake,
  async verifyToken(authorization: string | null) {
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

describe("an upload", () => {
  it.each(imageFormats)("is answered 201 with its record, and can be read: %s", async (format) => {
    const subject = newSubject();
    const bytes = await bytesOf(format);
    const { body, headers } = await form(["file", bytes, "Zoë.png"]);
    const raw = { ...as(subject), "content-type": contentTypes[format] };
    for (const reply of [
      await upload(body, { ...as(subject), ...headers }),
      await upload(bytes, raw, "?filename=Zo%C3%AB.png"),
    ]) {
      expect(reply.status).toBe(201);
      const record = imageResponse.strict().parse(JSON.parse(reply.text));
      expect(record).toMatchObject({ contentType: contentTypes[format], size: bytes.length, status: "pending" });
      expect(record.filename).toMatch(/^Zoë\.png(\.\w+)?$/);
      expect(reply.headers.get("location")).toBe(`/api/v1/images/${record.id}`);
      expect(await images.find(subject, record.id)).toEqual({ ...record, owner: subject });
    }
  });

  it("is told by its bytes, whatever it is called and declared to be", async () => {
    const reply = await upload(await bytesOf("jpeg"), { ...as(newSubject()), ...png }, "?filename=photo.png");
    expect(JSON.parse(reply.text)).toMatchObject({ contentType: "image/jpeg", filename: "photo.png.jpg" });
  });

  it("without a token is 401, and by a viewer 403, and its body is not read", async () => {
    let taken = 0;
    const body = () =>
      new ReadableStream<Uint8Array>(
        { pull: (controller) => (taken++ < 10 ? controller.enqueue(new Uint8Array(9)) : controller.close()) },
        { highWaterMark: 0 },
      );
    expect((await upload(body(), png)).error().code).toBe("UNAUTHENTICATED");
    expect((await upload(body(), { ...png, ...as("ada", "viewer") })).error().code).toBe("FORBIDDEN");
    expect(taken).toBe(0);
  });

  it("that never ends is read no further than the limit, and not cancelled: 413", async () => {
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
    const reply = await upload(body, { ...png, ...as(subject) });
    expect(reply).toMatchObject({ status: 413 });
    expect(reply.error().code).toBe("PAYLOAD_TOO_LARGE");
    expect(state.bytes).toBeLessThanOrEqual(intake.maxBytes + 2 * 65_536);
    expect(state.cancelled).toBe(false);
    expect(await storedBy(subject)).toEqual({ records: [], blobs: [] });
  });

  it("whose sender hangs up is the caller's failure, and leaves nothing", async () => {
    const subject = newSubject();
    const { body, headers } = await form(["file", await bytesOf("png"), "a.png"]);
    for (const [part, type] of [
      [body, headers],
      [await bytesOf("png"), png],
    ] as const) {
      const cut = ReadableStream.from(
        (async function* () {
          yield part.subarray(0, part.length / 2);
          throw new Error("ECONNRESET");
        })(),
      ) as ReadableStream<Uint8Array>;
      const reply = await upload(cut, { ...type, ...as(subject) });
      expect(reply.error().code).toBe("VALIDATION_FAILED");
      expect(reply.lines).toMatchObject([{ loggedAt: "information", status: 400 }]);
    }
    expect(await storedBy(subject)).toEqual({ records: [], blobs: [] });
  });

  const good = bytesOf("png");
  it.each<
    [string, string, () => Promise<{ body?: Uint8Array<ArrayBuffer>; headers: Record<string, string>; query?: string }>]
  >([
    ["VALIDATION_FAILED", "in another field", async () => form(["picture", await good, "a.png"])],
    [
      "VALIDATION_FAILED",
      "beside another one",
      async () => form(["file", await good, "a.png"], ["file", await good, "b.png"]),
    ],
    [
      "VALIDATION_FAILED",
      "without a boundary",
      async () => ({ body: await good, headers: { "content-type": "multipart/form-data" } }),
    ],
    [
      "VALIDATION_FAILED",
      "in no form",
      async () => ({ body: await good, headers: { "content-type": "multipart/form-data; boundary=x" } }),
    ],
    ["VALIDATION_FAILED", "of no bytes", async () => ({ headers: png })],
    ["VALIDATION_FAILED", "of no bytes, in a form", async () => form(["file", new Uint8Array(), "a.png"])],
    [
      "VALIDATION_FAILED",
      "with an unknown parameter",
      async () => ({ body: await good, headers: png, query: "?name=x" }),
    ],
    [
      "VALIDATION_FAILED",
      "with a name that never ends",
      async () => ({ body: await good, headers: png, query: `?filename=${"x".repeat(1_025)}` }),
    ],
    [
      "UNSUPPORTED_MEDIA_TYPE",
      "as JSON",
      async () => ({ body: await good, headers: { "content-type": "application/json" } }),
    ],
    ["UNSUPPORTED_MEDIA_TYPE", "of no type", async () => ({ body: await good, headers: {} })],
    [
      "UNSUPPORTED_MEDIA_TYPE",
      "as SVG",
      async () => ({ body: new TextEncoder().encode("<svg/>"), headers: { "content-type": "image/svg+xml" } }),
    ],
    [
      "UNPROCESSABLE_IMAGE",
      "too large in pixels",
      async () => ({ body: new Uint8Array(pngBomb(60_000, 60_000)), headers: png }),
    ],
    ["UNPROCESSABLE_IMAGE", "cut off", async () => ({ body: (await good).subarray(0, 500), headers: png })],
  ])("is %s %s, and leaves nothing", async (code, _, make) => {
    const subject = newSubject();
    const { body, headers, query } = await make();
    const reply = await upload(body, { ...headers, ...as(subject) }, query);
    expect(reply.error().code).toBe(code);
    expect(await storedBy(subject)).toEqual({ records: [], blobs: [] });
  });
});
