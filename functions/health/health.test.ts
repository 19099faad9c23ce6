// Liveness asks nobody; readiness asks everybody, briefly and rarely, and says who does not answer.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.simulation.ts";
import { routesFor } from "../lib/http/operation.ts";
import { type Check, createDependencyChecks } from "./dependency-checks.ts";
import { type CheckDependencies, health, live, ready } from "./health.ts";

const verifyToken = () => Promise.reject(new AppError("UNAUTHENTICATED", "x"));
const route = routesFor<{ verifyToken: typeof verifyToken; checkDependencies: CheckDependencies }>();
const ask = (operation: typeof ready | typeof live | typeof health, checkDependencies: CheckDependencies) =>
  invoke(route("health", "GET", "/health", "public", "none", operation), { verifyToken, checkDependencies });
const nobody = () => expect.fail("asked");

/** Three dependencies that answer at once, unless one is given, on a clock that is set by hand. */
function setUp(given: Partial<Record<"tables" | "blobs" | "vault", Check>> = {}, limitMs = 60_000) {
  const state = { time: 0, calls: 0 };
  const lines: unknown[] = [];
  const log = { ...console, warn: (message: string, fields = {}) => void lines.push({ message, ...fields }) };
  const answers = async () => void state.calls++;
  const checks = createDependencyChecks(
    { tables: answers, blobs: answers, vault: answers, ...given },
    { limitMs, elapsed: () => state.time, log },
  );
  return { state, lines, checks };
}

test("a process says its name, its version, and that it runs from its sources", async () => {
  const { name, version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  const reply = await ask(health, nobody);
  expect(reply.status).toBe(200);
  expect(JSON.parse(reply.text)).toEqual({ name, version, commit: "source" });
});

test("a process that runs is live, though nothing it depends on answers", async () => {
  const reply = await ask(live, nobody);
  expect(reply).toMatchObject({ status: 200, text: '{"status":"ok"}' });
});

test("a process is ready when all it depends on answers, and says how long each took", async () => {
  const { state, checks } = setUp({
    blobs: async () => {
      state.time += 12.34;
    },
  });
  const reply = await ask(ready, checks);
  expect(reply.status).toBe(200);
  const up = { status: "up", latencyMs: expect.any(Number) };
  expect(JSON.parse(reply.text)).toEqual({
    status: "ok",
    dependencies: { tables: up, blobs: { status: "up", latencyMs: 12.3 }, vault: up },
  });
});

test.each(["tables", "blobs", "vault"] as const)(
  "a process is not ready without its %s: 503 names it, and only the log says why",
  async (name) => {
    const error = new AppError("DEPENDENCY_UNAVAILABLE", "It failed", { cause: new Error("ECONNREFUSED 10.0.0.4") });
    const { checks, lines } = setUp({ [name]: () => Promise.reject(error) });
    const reply = await ask(ready, checks);
    expect(reply.status).toBe(503);
    expect(reply.error()).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", trace_id: expect.any(String) });
    expect(reply.headers.get("retry-after")).toBe("5");
    const { status, dependencies } = JSON.parse(reply.text);
    expect(status).toBe("down");
    for (const each of ["tables", "blobs", "vault"])
      expect(dependencies[each]).toEqual({ status: each === name ? "down" : "up", latencyMs: 0 });
    expect(reply.text).not.toMatch(/It failed|ECONN|10\.0/);
    expect(lines).toEqual([{ message: "dependency-down", dependency: name, latency_ms: 0, error }]);
    expect(reply.lines).toMatchObject([{ error: { message: expect.stringContaining(name) } }]);
  },
);

test("a check that fails before it begins is a failed check, and the others are asked all the same", async () => {
  const { state, checks } = setUp({
    tables: () => {
      throw new Error("no client");
    },
  });
  const { tables, vault } = await checks();
  expect([tables.status, vault.status, state.calls]).toEqual(["down", "up", 2]);
});

test("a dependency that never answers is down when its time is over, and is told to stop", async () => {
  let told: AbortSignal | undefined;
  const { checks, lines } = setUp(
    {
      vault: (signal) => {
        told = signal;
        return new Promise(() => undefined);
      },
    },
    20,
  );
  const { blobs, vault } = await checks();
  expect([blobs.status, vault.status, told?.aborted]).toEqual(["up", "down", true]);
  expect(lines).toMatchObject([{ dependency: "vault", error: { name: "TimeoutError" } }]);
});

test("all are asked at once, not one after the other", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { checks } = setUp({ tables: () => promise, blobs: () => promise, vault: async () => resolve() });
  expect(Object.values(await checks()).map(({ status }) => status)).toEqual(["up", "up", "up"]);
});

test("all who ask within five seconds share one outcome, good or bad", async () => {
  let fault: Error | undefined;
  const tables = vi.fn(async () => {
    if (fault) throw fault;
  });
  const { state, checks } = setUp({ tables });
  const at = async (time: number) => {
    state.time = time;
    return (await checks()).tables.status;
  };
  await Promise.all(Array.from({ length: 50 }, () => at(0)));
  fault = new Error("down");
  expect(await at(4_999)).toBe("up");
  expect(tables).toHaveBeenCalledTimes(1);
  expect(await at(5_000)).toBe("down");
  fault = undefined;
  expect(await at(9_999)).toBe("down");
  expect(await at(10_000)).toBe("up");
  expect(tables).toHaveBeenCalledTimes(3);
});

test("all who ask share a check that is under way", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const vault = vi.fn(() => promise);
  const { checks } = setUp({ vault });
  const asked = Promise.all([checks(), checks()]);
  resolve();
  await asked;
  expect(vault).toHaveBeenCalledOnce();
});
