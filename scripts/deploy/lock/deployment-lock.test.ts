// The lock of a stage between deployments that begin at once, hang, are killed, sleep, or lose their lease.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DeployContext } from "../deploy-context.ts";
import { type BlobLeases, createBlobLeases } from "./blob-leases.fixture.ts";
import { beginDeployment } from "./locked-deployment.fixture.ts";

const SECOND = 1000;
let leases: BlobLeases;
beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:00:00Z") });
  leases = createBlobLeases(Date.now);
});
afterEach(() => vi.useRealTimers());

const begin = (name: string, seconds: number, work?: (context: DeployContext) => Promise<unknown>) =>
  beginDeployment(leases, name, seconds, work);
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * SECOND);
const blob = () => leases.blobs.get("vitaestate1/production/production/deployment.lock");

describe("withDeploymentLock", () => {
  it("runs two deployments that begin at once one after the other, and names the first to the second", async () => {
    const [first, second] = [begin("ada", 300), begin("run 7 of the pipeline", 20)];
    await pass(60);
    expect([first.began > 0, second.began]).toEqual([true, 0]);
    await pass(600);
    expect([first.outcome, second.outcome]).toEqual(["done", "done"]);
    expect(second.began).toBeGreaterThanOrEqual(first.ended);
    expect(second.lines).toContainEqual(
      "Waiting for up to 15 minutes for another deployment of production: ada, commit aaaaaaa, since 2026-11-22T12:00:00.000Z.",
    );
    expect(blob()?.lease).toBeUndefined();
  });

  it("fails after 15 minutes without running the work, and names the holder", async () => {
    begin("ada", 3600);
    await pass(1);
    const second = begin("run 7 of the pipeline", 20);
    await pass(15 * 60 + 30);
    expect(second.began).toBe(0);
    expect(second.outcome).toMatch(/still runs after 15 minutes, so nothing was changed: ada, commit aaaaaaa, since/);
  });

  it("keeps the lease during a long call by renewing it every 20 seconds", async () => {
    const first = begin("ada", 0, ({ clock }) => clock.sleep(30 * 60 * SECOND));
    await pass(30 * 60 - 1);
    expect(leases.renewals.get(blob()?.lease?.id ?? "")).toBe(89);
    await pass(10);
    expect(first.outcome).toBe("done");
  });

  it("gives the lock of a killed run away after 60 seconds", async () => {
    const killed = begin("ada", 3600);
    await pass(5);
    // A killed process renews nothing and releases nothing.
    killed.faults.hanging = "lease renew";
    vi.clearAllTimers();
    const next = begin("grace", 10);
    await pass(50);
    expect(next.began).toBe(0);
    await pass(20);
    expect(next.outcome).toBe("done");
  });

  it("stops the work and starts nothing more when the lease was taken while the laptop slept", async () => {
    const calls: string[] = [];
    const sleeper = begin("ada", 0, async ({ clock, az }) => {
      await clock.sleep(600 * SECOND).catch((error: Error) => calls.push(error.message));
      await az("storage", "blob", "delete", "--name", "x").catch((error: Error) => calls.push(error.message));
      throw new Error("The deployment failed.");
    });
    await pass(5);
    vi.setSystemTime(Date.now() + 3600 * SECOND);
    // Another took the expired lease meanwhile.
    const other = begin("grace", 120);
    await pass(30);
    expect(other.began).toBeGreaterThan(0);
    expect(sleeper.outcome).toMatch(
      /^The lock of production was lost, so this deployment was stopped and rolled nothing back/,
    );
    expect(sleeper.outcome).toContain("LeaseIdMismatchWithLeaseOperation");
    expect(calls).toEqual([sleeper.outcome, sleeper.outcome]);
    expect(sleeper.commands.filter((line) => line.includes("blob delete"))).toEqual([]);
    await pass(200);
    expect(other.outcome).toBe("done");
  });

  it("stops at the next renewal when the lease is of another, and does not wait until its own would have ended", async () => {
    const first = begin("ada", 3600);
    await pass(25);
    const held = blob();
    if (held) held.lease = { id: "other", seconds: 60, expiresAt: Date.now() + 3600 * SECOND };
    await pass(21);
    expect(first.outcome).toMatch(/^The lock of production was lost/);
  });

  it("continues after a sleep in which no one took the lease", async () => {
    const sleeper = begin("ada", 60);
    await pass(5);
    vi.setSystemTime(Date.now() + 3600 * SECOND);
    await pass(120);
    expect(sleeper.outcome).toBe("done");
  });

  it.each(["fails at once", "hangs"])("survives a renewal that %s, and stops before the lease ends", async (how) => {
    const first = begin("ada", 3600);
    await pass(5);
    const fail = () => {
      if (how === "hangs") first.faults.hanging = "lease renew";
      else first.faults.failing = { text: "lease renew", message: "Connection refused." };
    };
    const heal = () => Object.assign(first.faults, { hanging: undefined, failing: undefined });
    fail();
    await pass(25);
    heal();
    await pass(60);
    expect(first.outcome).toBeUndefined();
    fail();
    const since = blob()?.lease?.expiresAt ?? 0;
    await pass(80);
    expect(first.outcome).toMatch(/^The lock of production was lost/);
    expect(first.ended).toBeLessThanOrEqual(Math.max(since, blob()?.lease?.expiresAt ?? 0));
  });

  it("ends without an error when the lease cannot be released, and says when the lock is free", async () => {
    const first = begin("ada", 10);
    first.faults.failing = { text: "lease release", message: "Connection refused." };
    await pass(30);
    expect(first.outcome).toBe("done");
    expect(first.lines.join("\n")).toMatch(/was not released; it is free after 60 seconds\. .*Connection refused/s);
  });

  it("throws the error of the work, and releases the lease", async () => {
    const first = begin("ada", 0, () => Promise.reject(new Error("The plan failed.")));
    await pass(5);
    expect(first.outcome).toBe("The plan failed.");
    expect(blob()?.lease).toBeUndefined();
  });

  it("creates the blob once when two runs find none", async () => {
    const all = [begin("ada", 10), begin("grace", 10)];
    await pass(120);
    expect(all.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
    expect(leases.blobs.size).toBe(1);
  });

  it("waits while a new role on the container propagates, and writes ASCII only", async () => {
    const first = begin("Zoë = ops", 0, ({ clock }) => clock.sleep(60 * SECOND));
    first.faults.failing = { text: "lease acquire", message: "ErrorCode:AuthorizationPermissionMismatch" };
    await pass(90);
    expect(first.began).toBe(0);
    first.faults.failing = undefined;
    await pass(40);
    expect(blob()?.metadata).toMatchObject({ by: "Zo? = ops", commit: "a".repeat(40) });
  });
});
