// POST /v1/images/import through the boundary, with a server that looks public and the real intake, against Azurite.
import { afterAll, expect, it } from "vitest";
import { AppError } from "../lib/errors.ts";
import { requestPatience } from "../lib/gate.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { consoleLog } from "../lib/log.ts";
import { createDownload, type Download } from "../lib/outgoing/download.ts";
import { newCertificate, startPublicServer } from "../lib/outgoing/public-server.fixture.ts";
import { imageResponse, toResponse } from "./image-response.ts";
import { importImage } from "./import.ts";
import { createImportGate } from "./import-gate.ts";
import { newOwner, openIntake, storedBy } from "./intake.fixture.ts";
import { testImage } from "./test-images.fixture.ts";
import { createUploadGate } from "./upload.ts";

const server = await startPublicServer(await newCertificate("images.example.com"));
afterAll(() => server.close());
const { intake, records } = openIntake();
const { network } = server;
const download = createDownload({ maxBytes: intake.maxBytes, log: consoleLog, network });
const URL_OF_IMAGE = "https://images.example.com/photos/Zo%C3%AB.png?sig=secret#part";

function newDeps(owner = newOwner(), changes: { download?: Download } = {}) {
  const authenticate = async () => ({ subject: owner, role: "editor" as const });
  return { authenticate, download, importGate: createImportGate(), intake, uploadGate: createUploadGate(), ...changes };
}
type Deps = ReturnType<typeof newDeps>;
const route = routesFor<Deps>()("image-import", "POST", "/v1/images/import", "images:write", "none", importImage);
function send(deps: Deps, body: object = { url: URL_OF_IMAGE }) {
  const headers = { authorization: "Bearer x", "content-type": "application/json" };
  const url = "http://localhost/api/v1/images/import";
  return invoke(route, deps, { method: "POST", url, headers, body: Buffer.from(JSON.stringify(body)) });
}

it("importImage stores the image under the name in the URL, with its source without the query", async () => {
  const bytes = await testImage("png", { width: 60, height: 40 });
  server.respond((_, response) => void response.writeHead(200, { "Content-Type": "text/html" }).end(bytes));
  const owner = newOwner();
  const response = await send(newDeps(owner));
  expect(response.status).toBe(201);
  const image = imageResponse.strict().parse(JSON.parse(response.text));
  expect(image).toMatchObject({
    filename: "Zoë.png",
    contentType: "image/png",
    size: bytes.length,
    source: "https://images.example.com/photos/Zo%C3%AB.png",
  });
  expect(response.headers.get("location")).toBe(`/api/v1/images/${image.id}`);
  const stored = await records.find(owner, image.id);
  expect(stored && toResponse(stored)).toEqual(image);
});

it("importImage stores what the options ask for, and returns 200 with the same image for equal bytes", async () => {
  const bytes = await testImage("png", { width: 60, height: 40 });
  server.respond((_, response) => void response.end(bytes));
  const deps = newDeps();
  const read = async (body: object) => {
    const response = await send(deps, body);
    return { status: response.status, image: imageResponse.parse(JSON.parse(response.text)) };
  };
  const webp = await read({ url: URL_OF_IMAGE, format: "webp" });
  expect(webp).toMatchObject({ status: 201, image: { contentType: "image/webp" } });
  const unchanged = await read({ url: URL_OF_IMAGE, optimize: false });
  expect(unchanged).toMatchObject({ status: 201, image: { contentType: "image/png", metadata: "kept" } });
  const again = await read({ url: "https://images.example.com/other.png", format: "webp" });
  expect(again).toEqual({ status: 200, image: webp.image });
});

it("importImage determines the type by the bytes, and stores nothing of another one", async () => {
  server.respond((_, response) => void response.writeHead(200, { "Content-Type": "image/png" }).end("<html></html>"));
  const owner = newOwner();
  expect((await send(newDeps(owner))).error().code).toBe("UNSUPPORTED_MEDIA_TYPE");
  expect(await storedBy(owner)).toEqual({ records: [], blobs: [] });
});

it.each([
  ["a private URL", { url: "https://10.0.0.4/?sig=secret" }],
  ["a URL of http", { url: "http://images.example.com/?sig=secret" }],
  ["no text", { url: 7 }],
  ["an unknown field", { url: URL_OF_IMAGE, secret: "secret" }],
])("importImage returns 400 for %s, and does not repeat the URL", async (_, body) => {
  const response = await send(newDeps(), body);
  expect(response.error().code).toBe("VALIDATION_FAILED");
  expect(response.text).not.toContain("sig=");
});

it("importImage reads a body only when the uploads in progress leave memory for it", async () => {
  server.respond((_, response) => void response.end("x"));
  const deps = newDeps();
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const others = Array.from({ length: 1 + requestPatience.maxWaiting }, () =>
    deps.uploadGate.run(1, requestPatience, () => end, { isAlone: true }),
  );
  const response = await send(deps);
  expect([response.status, response.error().code]).toEqual([503, "DEPENDENCY_UNAVAILABLE"]);
  resolve();
  await Promise.all(others);
});

it("importImage downloads at most four images at once, and two of one owner", async () => {
  let running = 0;
  let most = 0;
  const counting: Download = async () => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    throw new AppError("UNPROCESSABLE_IMAGE", "test");
  };
  const deps = newDeps(newOwner(), { download: counting });
  await Promise.all(Array.from({ length: 12 }, () => send(deps)));
  expect(most).toBe(2);
  const { importGate } = deps;
  await Promise.all(
    Array.from({ length: 12 }, () => send({ ...newDeps(newOwner(), { download: counting }), importGate })),
  );
  expect(most).toBe(4);
});
