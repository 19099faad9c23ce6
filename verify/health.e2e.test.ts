// The health routes while dependencies fail, and the number of calls that health requests cause.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { containers, tables } from "../functions/lib/names.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type FaultProxy, startFaultProxy } from "../local/fault-proxy.fixture.ts";
import { type ErrorBody, json } from "./responses.fixture.ts";

type Readiness = {
  status: string;
  dependencies: Record<"tables" | "blobs" | "vault", { status: string; latencyMs: number }>;
};

const root = join(import.meta.dirname, "..");
const up = { status: "up", latencyMs: expect.any(Number) };
let backend: Backend;
let vaultProxy: FaultProxy;
/** The API of an instance that reaches the vault through the proxy. */
let proxied: string;

const proxyTo = (target: string | undefined) =>
  startFaultProxy({ target: target as string, certificate: backend.services.certificate });
/** A new instance of the app, with nothing cached. */
const startApi = async (settings: Record<string, string>) => `${(await backend.addHost(settings)).url}/api`;

beforeAll(async () => {
  backend = await startBackend();
  vaultProxy = await proxyTo(backend.services.env.VAULT_URI);
  proxied = await startApi({ VAULT_URI: vaultProxy.url });
});
afterAll(async () => {
  await backend?.close();
  await vaultProxy?.close();
});

/** The first response with status 200: on a busy machine, the first checks of an instance can time out. */
async function waitUntilReady(api: string): Promise<Response> {
  for (;;) {
    const response = await fetch(`${api}/health/ready`);
    if (response.status === 200) return response;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

it("GET /health returns the version of the package and the commit of its build", async () => {
  const { name, version, gitHead } = JSON.parse(readFileSync(join(backend.app, "package.json"), "utf8"));
  expect(await (await fetch(`${backend.api}/health`)).json()).toEqual({ name, version, commit: gitHead });
  expect(version).toBe(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
  if (existsSync(join(root, ".git"))) {
    const commit = gitHead.replace(/-dirty$/, "");
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    expect(execFileSync("git", ["cat-file", "-t", commit], { cwd: root, encoding: "utf8" })).toBe("commit\n");
  }
});

it("GET /health/ready returns 200 when tables, blobs and vault respond", async () => {
  const response = await waitUntilReady(backend.api);
  expect(await response.json()).toEqual({ status: "ok", dependencies: { tables: up, blobs: up, vault: up } });
});

it("GET /health/ready names a runtime without argon2, on which only routes with a password are 503", async () => {
  // As Node.js 24.6 is.
  const withoutArgon2 = "import crypto from 'node:crypto'; delete crypto.argon2;";
  const api = await startApi({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(withoutArgon2)}` });
  const response = await waitUntilReady(api);
  expect(await response.json()).toMatchObject({ status: "ok", warnings: [expect.stringContaining("crypto.argon2")] });
  expect((await fetch(`${api}/v1/visits/resume`, { method: "POST" })).status).toBe(200);
  const { email, password } = backend.owner;
  const body = new URLSearchParams({ grant_type: "password", username: email, password });
  expect((await fetch(`${api}/v1/auth/token`, { method: "POST", body })).status).toBe(503);
  expect((await fetch(`${backend.api}/v1/auth/token`, { method: "POST", body })).status).toBe(200);
});

it("GET /health/ready names the dependency that does not respond in time, while GET /health/live returns 200", async () => {
  const { TABLES_ENDPOINT, MEDIA__blobServiceUri, VAULT_URI } = backend.services.env;
  const cases = [
    ["tables", "TABLES_ENDPOINT", TABLES_ENDPOINT],
    ["blobs", "MEDIA__blobServiceUri", MEDIA__blobServiceUri],
    ["vault", "VAULT_URI", VAULT_URI],
  ] as const;
  const check = async ([name, setting, target]: (typeof cases)[number]) => {
    const proxy = await proxyTo(target);
    proxy.decide(() => ({ kind: "swallow" }));
    const api = await startApi({ [setting]: proxy.url });
    const response = await fetch(`${api}/health/ready`);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
    const { error, status, dependencies } = await json<ErrorBody & Readiness>(response);
    expect(error).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", trace_id: response.headers.get("x-trace-id") });
    expect(status).toBe("down");
    expect(dependencies[name].status).toBe("down");
    expect(dependencies[name].latencyMs).toBeGreaterThan(1_900);
    expect(JSON.stringify({ ...error, trace_id: "" })).not.toMatch(/127\.0\.0\.1|devstoreaccount|signing|Timeout/);
    const logged = backend.lines.filter((line) => line.includes("dependency-down") && line.includes(error.trace_id));
    expect(logged.join("\n")).toContain(`"dependency":"${name}"`);
    expect((await fetch(`${api}/health/live`)).status).toBe(200);
    await proxy.close();
  };
  await Promise.all(cases.map(check));
});

it("GET /health/ready returns 503 when the vault is down, although tokens are accepted with cached keys", async () => {
  const headers = { authorization: `Bearer ${await backend.token("owner")}` };
  const readImage = () => fetch(`${proxied}/v1/images/${crypto.randomUUID()}`, { headers });
  expect((await readImage()).status).toBe(404);
  await vaultProxy.stop();
  const response = await fetch(`${proxied}/health/ready`);
  expect(response.status).toBe(503);
  expect((await json<Readiness>(response)).dependencies.vault.status).toBe("down");
  expect((await readImage()).status).toBe(404);
  await vaultProxy.start();
});

it("GET /health/ready calls each store at most once in five seconds", async () => {
  await waitUntilReady(proxied);
  const calls = () => backend.proxy.calls() + backend.blobProxy.calls() + vaultProxy.calls();
  const before = calls();
  const startedAt = performance.now();
  for (let batch = 0; batch < 8; batch++)
    await Promise.all(Array.from({ length: 25 }, () => fetch(`${proxied}/health/ready`)));
  const periods = Math.ceil((performance.now() - startedAt) / 5_000);
  // One call for each table and container, one that lists the keys, and one that reads the newest.
  const callsPerPeriod = Object.keys(tables).length + Object.keys(containers).length + 2;
  expect(calls() - before).toBeLessThanOrEqual(callsPerPeriod * periods);
});
