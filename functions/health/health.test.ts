// Liveness asks nobody; readiness asks everybody, rarely.
import { expect, test, vi } from "vitest";
import { AppError } from "../lib/errors.ts";
import { invoke } from "../lib/http/invoke.simulation.ts";
import { routesFor } from "../lib/http/operation.ts";
import { createDependencyChecks } from "./dependency-checks.ts";
import { type CheckDependencies, live, ready } from "./health.ts";

const verifyToken = () => Promise.reject(new AppError("UNAUTHENTICATED", "x"));
const route = routesFor<{ verifyToken: typeof verifyToken; checkDependencies: CheckDependencies }>();
const ask = (operation: typeof ready | typeof live, checkDependencies: CheckDependencies) =>
  invoke(route("health-ready", "GET", "/health", "public", "none", operation), { verifyToken, checkDependencies });

/** Two checks whose outcome and time are set by hand. */
function setUp() {
  const state = { time: 0, calls: 0, fault: undefined as Error | undefined };
  const check = async () => {
    state.calls++;
    if (state.fault) throw state.fault;
  };
  return { state, checks: createDependencyChecks([check, async () => {}], () => state.time) };
}

test("a process that runs is live, though nothing it depends on answers", async () => {
  const reply = await ask(live, () => Promise.reject(new Error("down")));
  expect(reply).toMatchObject({ status: 200, text: '{"status":"ok"}' });
});

test("a process is ready when all it depends on answers", async () => {
  const { state, checks } = setUp();
  expect(await ask(ready, checks)).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  expect(state.calls).toBe(1);
});

test("a process is not ready when one dependency fails: 503, and only the log says which", async () => {
  const { state, checks } = setUp();
  state.fault = new AppError("DEPENDENCY_UNAVAILABLE", "The visits table failed", { cause: new Error("ECONNREFUSED") });
  const reply = await ask(ready, checks);
  expect(reply.status).toBe(503);
  expect(reply.error().code).toBe("DEPENDENCY_UNAVAILABLE");
  expect(reply.headers.get("retry-after")).toBe("5");
  expect(reply.text).not.toContain("table");
  expect(reply.lines).toMatchObject([{ error: { cause: { message: "The visits table failed" } } }]);
});

test("a check that fails before it begins is a failed check", async () => {
  const checks = createDependencyChecks([
    () => {
      throw new Error("no client");
    },
  ]);
  expect((await ask(ready, checks)).error().code).toBe("DEPENDENCY_UNAVAILABLE");
});

test("all who ask within five seconds share one outcome, good or bad", async () => {
  const { state, checks } = setUp();
  await Promise.all(Array.from({ length: 50 }, checks));
  state.fault = new Error("down");
  state.time = 4_999;
  await checks();
  expect(state.calls).toBe(1);
  state.time = 5_000;
  await expect(checks()).rejects.toBe(state.fault);
  state.fault = undefined;
  state.time = 9_999;
  await expect(checks()).rejects.toThrow("down");
  state.time = 10_000;
  await checks();
  expect(state.calls).toBe(3);
});

test("all who ask share a check that is under way", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = vi.fn(() => promise);
  const checks = createDependencyChecks([check], () => 0);
  const asked = Promise.all([checks(), checks()]);
  resolve();
  await asked;
  expect(check).toHaveBeenCalledOnce();
});
