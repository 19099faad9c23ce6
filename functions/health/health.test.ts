// Version, liveness and readiness; the timeout and the cache of the dependency checks.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { type Check, createDependencyChecks } from "./dependency-checks.ts";
import { type CheckDependencies, health, live, ready } from "./health.ts";

const authenticate = () => Promise.reject(new AppError("UNAUTHENTICATED", "x"));
type Deps = { authenticate: typeof authenticate; checkDependencies: CheckDependencies; warnings: readonly string[] };
const route = routesFor<Deps>();
const request = (
  operation: typeof ready | typeof live | typeof health,
  checkDependencies: CheckDependencies,
  warnings: readonly string[] = [],
) =>
  invoke(route("health", "GET", "/health", "public", "none", operation), { authenticate, checkDependencies, warnings });
const noCheck = () => expect.fail("a dependency was checked");

/** Three dependencies that are up unless a check is given, and a clock set by hand. */
function setUp(override: Partial<Record<"tables" | "blobs" | "vault", Check>> = {}, timeoutMs = 60_000) {
  const state = { time: 0, calls: 0 };
  const lines: unknown[] = [];
  const log = { ...console, warn: (message: string, fields = {}) => void lines.push({ message, ...fields }) };
  const up = async () => void state.calls++;
  const checks = createDependencyChecks(
    { tables: up, blobs: up, vault: up, ...override },
    { timeoutMs, now: () => state.time, log },
  );
  return { state, lines, checks };
}

test("GET /health returns name, version and `source` as commit when it runs from sources", async () => {
  const { name, version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  const response = await request(health, noCheck);
  expect(response.status).toBe(200);
  expect(JSON.parse(response.text)).toEqual({ name, version, commit: "source" });
});

test("GET /health/live returns 200 without checking a dependency", async () => {
  const response = await request(live, noCheck);
  expect(response).toMatchObject({ status: 200, text: '{"status":"ok"}' });
});

test("GET /health/ready returns 200 and latencies when all dependencies are up", async () => {
  const { state, checks } = setUp({
    blobs: async () => {
      state.time += 12.34;
    },
  });
  const response = await request(ready, checks);
  expect(response.status).toBe(200);
  const up = { status: "up", latencyMs: expect.any(Number) };
  expect(JSON.parse(response.text)).toEqual({
    status: "ok",
    dependencies: { tables: up, blobs: { status: "up", latencyMs: 12.3 }, vault: up },
  });
});

test.each(["tables", "blobs", "vault"] as const)(
  "GET /health/ready returns 503 when %s is down, and only the log has the cause",
  async (name) => {
    const error = new AppError("DEPENDENCY_UNAVAILABLE", "It failed", { cause: new Error("ECONNREFUSED 10.0.0.4") });
    const { checks, lines } = setUp({ [name]: () => Promise.reject(error) });
    const response = await request(ready, checks);
    expect(response.status).toBe(503);
    expect(response.error()).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", trace_id: expect.any(String) });
    expect(response.headers.get("retry-after")).toBe("5");
    const { status, dependencies } = JSON.parse(response.text);
    expect(status).toBe("down");
    for (const each of ["tables", "blobs", "vault"])
      expect(dependencies[each]).toEqual({ status: each === name ? "down" : "up", latencyMs: 0 });
    expect(response.text).not.toMatch(/It failed|ECONN|10\.0/);
    expect(lines).toEqual([{ message: "dependency-down", dependency: name, latency_ms: 0, error }]);
    expect(response.lines).toMatchObject([{ error: { message: expect.stringContaining(name) } }]);
  },
);

test("GET /health/ready returns what the runtime lacks, and is 200 because of nothing but the dependencies", async () => {
  const warnings = ["Node.js 24.6.0 has no crypto.argon2"];
  const response = await request(ready, setUp().checks, warnings);
  expect([response.status, JSON.parse(response.text)]).toEqual([
    200,
    expect.objectContaining({ status: "ok", warnings }),
  ]);
});

test("a dependency check that throws synchronously counts as down, and the others still run", async () => {
  const { state, checks } = setUp({
    tables: () => {
      throw new Error("no client");
    },
  });
  const { tables, vault } = await checks();
  expect([tables.status, vault.status, state.calls]).toEqual(["down", "up", 2]);
});

test("a dependency that never responds is down after the timeout, and its call is aborted", async () => {
  let received: AbortSignal | undefined;
  const { checks, lines } = setUp(
    {
      vault: (signal) => {
        received = signal;
        return new Promise(() => undefined);
      },
    },
    20,
  );
  const { blobs, vault } = await checks();
  expect([blobs.status, vault.status, received?.aborted]).toEqual(["up", "down", true]);
  expect(lines).toMatchObject([{ dependency: "vault", error: { name: "TimeoutError" } }]);
});

test("dependency checks run in parallel", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { checks } = setUp({ tables: () => promise, blobs: () => promise, vault: async () => resolve() });
  expect(Object.values(await checks()).map(({ status }) => status)).toEqual(["up", "up", "up"]);
});

test("callers within five seconds share one result of the dependency checks, up or down", async () => {
  let error: Error | undefined;
  const tables = vi.fn(async () => {
    if (error) throw error;
  });
  const { state, checks } = setUp({ tables });
  const at = async (time: number) => {
    state.time = time;
    return (await checks()).tables.status;
  };
  await Promise.all(Array.from({ length: 50 }, () => at(0)));
  error = new Error("down");
  expect(await at(4_999)).toBe("up");
  expect(tables).toHaveBeenCalledTimes(1);
  expect(await at(5_000)).toBe("down");
  error = undefined;
  expect(await at(9_999)).toBe("down");
  expect(await at(10_000)).toBe("up");
  expect(tables).toHaveBeenCalledTimes(3);
});

test("concurrent callers share one run of the dependency checks", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const vault = vi.fn(() => promise);
  const { checks } = setUp({ vault });
  const results = Promise.all([checks(), checks()]);
  resolve();
  await results;
  expect(vault).toHaveBeenCalledOnce();
});
