// The lock of a stage while its holder is interrupted, or needs a new access token.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DeployContext } from "../deploy-context.ts";
import { interruptible } from "../interruptible.ts";
import { createBlobLeases } from "./blob-leases.fixture.ts";
import { beginDeployment } from "./locked-deployment.fixture.ts";

const SECOND = 1000;
beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * SECOND);

describe("withDeploymentLock", () => {
  it("renews the lease after the first Ctrl-C, and ends at once after the second", async () => {
    const leases = createBlobLeases(Date.now);
    const signals = { interrupt: (_: Error) => {}, stop: (_: Error) => {} };
    let looks = 0;
    const withSignals = (context: DeployContext) => {
      // A renewal that no wait delays any more would look at the clock for ever.
      const now = () => (++looks > 1000 ? Number.POSITIVE_INFINITY : Date.now());
      const outer = interruptible({ ...context, clock: { ...context.clock, now } });
      Object.assign(signals, outer);
      return outer.context;
    };
    const rollBack = async ({ clock }: DeployContext) => {
      await clock.sleep(600 * SECOND).catch(() => undefined);
      await clock.sleep(600 * SECOND).catch(async (error) => {
        // A program that was ended takes its time.
        await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
        throw error;
      });
    };
    const first = beginDeployment(leases, "ada", 0, rollBack, withSignals);
    await pass(15);
    signals.interrupt(new Error("Interrupted by SIGINT."));
    const second = beginDeployment(leases, "grace", 10);
    await pass(100);
    expect([first.outcome, second.began]).toEqual([undefined, 0]);
    signals.stop(new Error("Interrupted by SIGTERM."));
    await pass(6);
    expect(first.outcome).toBe("Interrupted by SIGTERM.");
    expect(first.lines.join("\n")).toContain("The lock of production was not released; it is free after 60 seconds.");
    await pass(80);
    expect(second.outcome).toBe("done");
  });

  it("logs in again every four minutes, as a long step may need a new access token", async () => {
    const leases = createBlobLeases(Date.now);
    vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_URL", "https://pipelines.test/token?api-version=2");
    vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job-token");
    vi.stubEnv("AZURE_CONFIG_DIR", mkdtempSync(join(tmpdir(), "vitae-azure-")));
    const fakeFetch: typeof fetch = async () => Response.json({ value: "token" });
    const first = beginDeployment(
      leases,
      "ada",
      0,
      ({ clock }) => clock.sleep(30 * 60 * SECOND),
      (context) => ({ ...context, fetch: fakeFetch }),
    );
    await pass(30 * 60 + 10);
    expect(first.outcome).toBe("done");
    const logins = first.commands.filter((line) => line.startsWith("az login"));
    // One before the lease.
    expect(logins).toHaveLength(1 + 7);
    await pass(600);
    expect(first.commands.filter((line) => line.startsWith("az login"))).toHaveLength(logins.length);
  });
});
