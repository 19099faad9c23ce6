// The end of the counter against Azurite: what close() does with held visits while the store fails.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Fault } from "../../local/fault-proxy.fixture.ts";
import { countMany, failWrites, openBehindProxy, setup, useCounter } from "./visitor-counter.fixture.ts";

useCounter();

/** Ends a call without a response. The time of a batch is enough on a busy machine, or over before any call succeeds. */
const CLOSING = { callMs: 200, windowMs: 20_000 };
const CLOSING_IN_VAIN = { ...CLOSING, windowMs: 400 };
const visit = () => setup.counter.count(setup.page);
const total = async () => (await setup.other.read(setup.page)).count;
const lines = vi.spyOn(console, "warn");
const events = () => lines.mock.calls.map(([line]) => JSON.parse(line)).filter(({ page }) => page === setup.page);

beforeEach(() => {
  lines.mockReset().mockReturnValue(undefined);
});
afterEach(() => {
  setup.proxy.decide(undefined);
  return setup.counter.close();
});

describe("close", () => {
  it("gives up on close() before its usual time when the store does not respond, and logs it", async () => {
    // Longer than this test may take.
    const patience = { callMs: 300_000, windowMs: 300_000, holdMs: 300_000 };
    setup.counter = openBehindProxy({ dailyWriteBudget: 1, patience, closing: CLOSING_IN_VAIN });
    await visit();
    await countMany(5);
    setup.proxy.decide(() => ({ kind: "swallow" }));
    await setup.counter.close();
    expect(events().at(-1)).toMatchObject({ message: "held-visits-not-committed", visits: 5 });
  });

  /** Holds two visits, and two more while the batch of the first two runs. No call or batch ends before the test times out. */
  async function holdDuringBatch(fault: Fault, times: number, closing = CLOSING) {
    const patience = { callMs: 300_000, windowMs: 300_000, holdMs: 100 };
    setup.counter = openBehindProxy({ dailyWriteBudget: 1, patience, closing });
    await visit();
    failWrites(fault, times);
    const before = setup.proxy.callsByMethod().PUT ?? 0;
    await countMany(2);
    await vi.waitFor(() => expect(setup.proxy.callsByMethod().PUT).toBeGreaterThan(before), 30_000);
    await countMany(2);
  }

  it("commits held visits on close() after a running batch whose call gets no response", async () => {
    await holdDuringBatch({ kind: "swallow" }, 1);
    await setup.counter.close();
    expect(await total()).toBe(5);
  });

  it("commits held visits on close() after a running batch that waits for a long Retry-After", async () => {
    await holdDuringBatch({ kind: "status", status: 429, retryAfter: 200 }, 1);
    await setup.counter.close();
    expect(await total()).toBe(5);
  });

  it("logs all held visits on close() when a running batch fails", async () => {
    await holdDuringBatch({ kind: "status", status: 503 }, Number.POSITIVE_INFINITY, CLOSING_IN_VAIN);
    await setup.counter.close();
    expect(events().slice(-2)).toMatchObject([
      { message: "held-visits-dropped", visits: 2 },
      { message: "held-visits-not-committed", visits: 2 },
    ]);
  });
});
