// One kept connection to the library's server: whatever the body and the response, its next request is answered.
import type { Socket } from "node:net";
import { beforeAll, expect, it } from "vitest";
import { createDeps, type Deps } from "./deps.ts";
import { newKey, verifierOf } from "./lib/access/keys.fixture.ts";
import type { Role } from "./lib/access/permissions.ts";
import { signToken } from "./lib/access/token.ts";
import { type Forwarded, startLibraryServer } from "./lib/http/library-server.fixture.ts";
import { describeApi } from "./lib/http/route-table.ts";
import { createLimits } from "./lib/limits/limiter.ts";
import { consoleLog } from "./lib/log.ts";
import { type FunctionName, ROUTE_PREFIX } from "./lib/names.ts";
import { readSettings } from "./lib/settings.ts";
import { routes } from "./routes.ts";

const settings = readSettings();
const deps: Deps = Object.assign(createDeps(settings), { api: describeApi(routes, ROUTE_PREFIX) });
const parties = { issuer: settings.TOKEN_ISSUER, audience: settings.TOKEN_AUDIENCE };
const key = await newKey();
const bearer = async (role: Role) => ({
  authorization: `Bearer ${await signToken({ key, ...parties, subject: role, role, expiresIn: 600 })}`,
});
const anyNumber = 100_000;
const quotas = {
  authenticated: anyNumber,
  anonymous: anyNumber,
  visits: anyNumber,
  uploads: 20,
  secret: anyNumber,
  keys: anyNumber,
};
let server: Awaited<ReturnType<typeof startLibraryServer<Deps>>>;

beforeAll(async () => {
  Object.defineProperty(deps, "authenticate", { value: verifierOf(key, parties) });
  // Limits count by address, and so read the beginning of each body.
  Object.defineProperty(deps, "limits", {
    value: createLimits({ quotas, table: () => deps.limiterTable, log: consoleLog }),
  });
  server = await startLibraryServer(routes, deps);
});

/** Up to more than an operation reads of a body that is no image. */
const sizes = [0, 1, 65_536, 200_000, 1_500_000];
/** More than an upload may have. */
const LARGE = 12_000_000;

async function expectNextResponse(socket: Socket): Promise<void> {
  const next = await server.forward(socket, "health-live", { method: "GET", target: "/api/health/live" });
  await expect(next.response).resolves.toMatchObject({ status: 200 });
}

/** Sends bodies of every size, with Content-Length and chunked, each with another request behind it. */
async function expectResponses(
  name: FunctionName,
  request: Forwarded,
  statuses: readonly number[],
  large: readonly number[] = [],
): Promise<void> {
  const socket = await server.open();
  for (const isChunked of [false, true])
    for (const size of [...sizes, ...large]) {
      const { response } = await server.forward(socket, name, { ...request, isChunked, body: Buffer.alloc(size, "x") });
      expect(statuses, `${name}, ${size} bytes, chunked: ${isChunked}`).toContain((await response).status);
      await expectNextResponse(socket);
    }
}

it.each(routes.map(({ name, path, methods }) => ({ name, path, method: methods[0] ?? "GET" })))(
  "the request after $method $path is answered, whatever body came before",
  async ({ name, path, method }) => {
    const params = { page: "resume", id: "0198c0de-0000-7000-8000-00000000abcd", path: "nothing" };
    const target =
      ROUTE_PREFIX + path.replace(/\{\*?(\w+)(:[^}]+)?\}/g, (_, field: keyof typeof params) => params[field]);
    await expectResponses(name, { method, target, params }, [200, 400, 401, 404, 415, 503]);
  },
);

const json = { "content-type": "application/json" };
const image = { "content-type": "image/png" };
const early: readonly (readonly [
  title: string,
  name: FunctionName,
  target: string,
  role: Role | undefined,
  headers: Readonly<Record<string, string>>,
  statuses: readonly number[],
])[] = [
  ["401 without a token", "image-upload", "/api/v1/images", undefined, image, [401]],
  ["403 to a viewer", "image-upload", "/api/v1/images", "viewer", image, [403, 429]],
  ["404", "zz-fallback", "/api/x", undefined, {}, [404]],
  ["405", "zz-fallback", "/api/health", undefined, {}, [405]],
  ["415 by the type", "image-upload", "/api/v1/images", "editor", { "content-type": "text/plain" }, [415, 429]],
  ["415 by the coding", "sas-issue", "/api/v1/sas", "viewer", { ...json, "content-encoding": "gzip" }, [415]],
  ["413, 415, 422 or 429", "image-upload", "/api/v1/images", "owner", image, [400, 413, 415, 422, 429]],
  ["413 to JSON", "sas-issue", "/api/v1/sas", "viewer", json, [400, 413]],
  ["400 to a reserved name", "visitor-counter", "/api/v1/visits/resume?headers={}", undefined, {}, [400]],
];

it.each(early)("the request after a %s is answered", async (_, name, target, role, headers, statuses) => {
  const token = role && (await bearer(role));
  const request = { method: "POST", target, headers: { ...headers, ...token }, params: { page: "resume" } };
  await expectResponses(name, request, statuses, [LARGE]);
});
