// Every route under arbitrary requests: always a documented response, and never a server error.
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createCheapPasswords } from "./accounts/accounts.fixture.ts";
import { createDeps, type Deps } from "./deps.ts";
import {
  assertFuzz,
  bodies,
  fuzzing,
  headers,
  type Materials,
  methodsOf,
  pathParameters,
  queries,
  typeOfBody,
  withImage,
} from "./fuzz.fixture.ts";
import { api, expectDocumented } from "./fuzz-responses.fixture.ts";
import { animation } from "./images/test-images.fixture.ts";
import { newKey, verifierOf } from "./lib/access/keys.fixture.ts";
import { roles } from "./lib/access/permissions.ts";
import { signToken } from "./lib/access/token.ts";
import { createMemoryVault } from "./lib/azure/memory-vault.fixture.ts";
import { type Call, invoke } from "./lib/http/invoke.fixture.ts";
import { unlimited } from "./lib/limits/limiter.ts";
import { type FunctionName, ROUTE_PREFIX } from "./lib/names.ts";
import type { Download } from "./lib/outgoing/download.ts";
import { parseTarget, rejectUrl } from "./lib/outgoing/target.ts";
import { readSettings } from "./lib/settings.ts";
import { routes } from "./routes.ts";

const settings = readSettings();
/** The real stores and checks, with our own signing keys and without limits. */
const deps: Deps = Object.assign(createDeps(settings), { api });
let materials: Materials;

beforeAll(async () => {
  const key = await newKey();
  const parties = { issuer: settings.TOKEN_ISSUER, audience: settings.TOKEN_AUDIENCE };
  Object.defineProperty(deps, "authenticate", { value: verifierOf(key, parties) });
  Object.defineProperty(deps, "limits", { value: unlimited });
  // No request depends on the cost of a hash.
  Object.defineProperty(deps, "passwords", { value: createCheapPasswords() });
  // Each rotation adds a version to the secret of the other tests, for ever.
  Object.defineProperty(deps, "vault", { value: createMemoryVault() });
  // The other routes need the image.
  Object.defineProperty(deps, "deletion", { value: { start: async () => true } });
  // No request of a test leaves the machine. The bytes are detached once they are stored.
  const download: Download = async (text, use) => {
    const target = parseTarget(text.replace("//photos.example/", "//photos.example.com/"));
    if (typeof target === "string") return rejectUrl(target);
    const read = async () => Buffer.from(new Uint8Array(bytes).buffer);
    return use({ url: target.url, contentLength: bytes.length, read });
  };
  Object.defineProperty(deps, "download", { value: download });
  const sign = (role: (typeof roles)[number], expiresIn = 3 * 3600) =>
    signToken({ key, ...parties, subject: "fuzz", role, expiresIn });
  const good = await Promise.all(["owner" as const, "owner" as const, ...roles].map((role) => sign(role)));
  // The same bytes in every run, so that a seed repeats the same requests.
  const bytes = await animation("gif");
  const { id } = (await deps.intake.accept({ owner: "fuzz", filename: "a.gif", bytes })).record;
  const variants = [{ name: "256.webp", format: "webp" as const, width: 40, height: 30, size: 100 }];
  await deps.images.change("fuzz", id, () => ({ status: "ready", variants }));
  const tokens = [...good, await sign("owner", -60), `${good[0]}x`].map((token) => `Bearer ${token}`);
  materials = { tokens, image: id, file: bytes };
});

/** A body in two chunks that may break off: Request sends a string in one chunk. */
function streamed(bytes: Buffer, isBroken: boolean): ReadableStream<Uint8Array> {
  const half = bytes.length >> 1;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes.subarray(0, half));
      if (isBroken) return controller.error(new Error("ECONNRESET"));
      controller.enqueue(bytes.subarray(half));
      controller.close();
    },
  });
}

/** The deletion of the image that the others use comes last. */
const ordered = routes.toSorted(
  (one, other) => Number(one.name === "image-delete") - Number(other.name === "image-delete"),
);

describe.each(ordered.map((route) => [route.name, route] as const))("%s", (name, route) => {
  const url = (query: string) => `http://localhost${ROUTE_PREFIX}${route.path.replace(/\{.*/, "x")}?${query}`;

  it("returns a success for its own example", async () => {
    const { example, upload } = withImage(route.operation, materials);
    const [authorization = ""] = materials.tokens;
    const { csv, form } = route.operation;
    const type = upload ? "image/png" : typeOfBody({ csv, form });
    const written = form
      ? String(new URLSearchParams(example.body as Record<string, string>))
      : JSON.stringify(example.body);
    const body = upload ? new Uint8Array(materials.file) : (csv?.example ?? written);
    const query = new URLSearchParams((example.query ?? {}) as Record<string, string>);
    const [method = "GET"] = route.methods;
    const call = {
      method,
      url: url(String(query)),
      params: (example.params ?? {}) as Record<string, string>,
      headers: { authorization, "content-type": type, "if-match": "*" },
      ...(method !== "GET" && body !== undefined && { body }),
    };
    const response = await invoke(route, deps, call);
    expectDocumented(route, call, response);
    const others: Partial<Record<FunctionName, number[]>> = {
      // Its example is no file.
      console: [404],
      "health-ready": [200, 503],
      "image-delete": [204],
      // The examples are of an account and a session that do not exist.
      "session-delete": [404],
      token: [400],
      // The examples name no user, and no valid one-time token.
      "password-redeem": [400],
      "user-delete": [404],
      "user-me-update": [401],
      "user-reset": [404],
      "user-update": [404],
      "image-reprocess": [202],
      "upload-commit": [404],
      "zz-fallback": [404],
    };
    expect(others[name] ?? [200, 201]).toContain(response.status);
  });

  it("returns a documented response to any other request", { timeout: 180_000 + fuzzing.runs * 200 }, async () => {
    const operation = withImage(route.operation, materials);
    const calls = fc.record({
      method: methodsOf(route),
      params: pathParameters(operation),
      more: fc.dictionary(fc.constantFrom("page", "path", "id", "headers", "__proto__"), fc.string(), { maxKeys: 1 }),
      query: queries(operation),
      headers: headers(operation, materials),
      body: bodies(operation, materials),
      end: fc.constantFrom("whole", "whole", "whole", "streamed", "broken"),
    });
    const statuses: Record<number, number> = {};
    const property = fc.asyncProperty(calls, async ({ params, more, query, body, end, ...rest }) => {
      const sent = end === "whole" ? new Uint8Array(body) : streamed(body, end === "broken");
      const call: Call = {
        ...rest,
        url: url(query),
        params: { ...more, ...params },
        ...(rest.method !== "GET" && rest.method !== "HEAD" && { body: sent }),
      };
      const response = await invoke(route, deps, call);
      statuses[response.status] = (statuses[response.status] ?? 0) + 1;
      expectDocumented(route, call, response);
    });
    await assertFuzz(name, property, fuzzing.runs);
    if (fuzzing.runs > 1_000) process.stdout.write(`${name} ${JSON.stringify(statuses)}\n`);
  });
});
