// The memory of uploads in flight: what each counts, and that an upload above the limit is rejected unread.
import { describe, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { createGate, type Gate, requestPatience } from "../lib/gate.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { uploadMemory } from "../lib/http/multipart.ts";
import { routesFor } from "../lib/http/route.ts";
import { openIntake } from "./intake.fixture.ts";
import type { Intake } from "./intake.ts";
import { testImage } from "./test-images.fixture.ts";
import { createUploadGate, uploadImage } from "./upload.ts";

const { intake } = openIntake();
const authenticate = async () => ({ subject: "test-gate", role: "owner" as const });
type Deps = { intake: Intake; uploadGate: Gate; authenticate: typeof authenticate };
const route = routesFor<Deps>()("image-upload", "POST", "/v1/images", "images:write", "none", uploadImage);

describe("uploadImage", () => {
  it("returns 503 with Retry-After while other uploads take all memory and the queue is full, then 201", async () => {
    const uploadGate = createUploadGate();
    const deps = { intake, uploadGate, authenticate };
    const bytes = new Uint8Array(await testImage("png"));
    let pulls = 0;
    const upload = () => {
      const body = new ReadableStream<Uint8Array>(
        { pull: (controller) => (pulls++ ? controller.close() : controller.enqueue(bytes)) },
        { highWaterMark: 0 },
      );
      const headers = { "content-type": "image/png", authorization: "Bearer x" };
      return invoke(route, deps, { method: "POST", url: "http://localhost/api/v1/images", headers, body });
    };
    const { promise: end, resolve } = Promise.withResolvers<void>();
    const others = Array.from({ length: 1 + requestPatience.maxWaiting }, () =>
      uploadGate.run(1, requestPatience, () => end, { isAlone: true }),
    );
    const rejected = await upload();
    expect(rejected.status).toBe(503);
    expect(rejected.error().code).toBe("DEPENDENCY_UNAVAILABLE");
    expect(rejected.headers.get("retry-after")).toBe("10");
    expect(pulls).toBe(0);
    resolve();
    await Promise.all(others);
    expect((await upload()).status).toBe(201);
  });

  it.each([
    ["frees", "UNSUPPORTED_MEDIA_TYPE", 0],
    ["frees", "UNPROCESSABLE_IMAGE", 0],
    // libvips may still read them.
    ["keeps", "DEPENDENCY_UNAVAILABLE", 4],
  ] as const)("%s the bytes of an upload that ends with %s", async (_, code, length) => {
    let received = new Uint8Array();
    const accept: Intake["accept"] = async ({ bytes }) => {
      received = bytes as typeof received;
      throw new AppError(code, "test");
    };
    const deps = { intake: { maxBytes: 1_000, accept }, uploadGate: createUploadGate(), authenticate };
    const headers = { "content-type": "image/png", authorization: "Bearer x" };
    const request = { method: "POST", url: "http://localhost/api/v1/images", headers, body: new Uint8Array(4) };
    expect((await invoke(route, deps, request)).error().code).toBe(code);
    expect(received.byteLength).toBe(length);
  });

  it("reads as many uploads at once as fit into the memory, by their Content-Length", async () => {
    const gate = createGate({ name: "uploads", capacity: 3_000 });
    let running = 0;
    let most = 0;
    const read = () =>
      gate.run(uploadMemory(1_000, 2_000), requestPatience, async () => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
      });
    await Promise.all(Array.from({ length: 10 }, read));
    expect(most).toBe(3);
  });
});

describe("uploadMemory", () => {
  it.each<[number, number]>([
    [1_000, 1_000],
    [99_999_999_999, 10_000 + 64 * 1024],
    // A chunked body has no length: its buffer is copied as it grows.
    [0, 20_000],
  ])("uploadMemory of Content-Length %s is %i bytes for files of at most 10,000", (length, bytes) => {
    expect(uploadMemory(length, 10_000)).toBe(bytes);
  });
});
