// The budget that decodes and hashes share: three threads, at least one for each kind, and one patience for both waits.
import { availableParallelism } from "node:os";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hashPatience, requestPatience } from "./gate.ts";
import { createHeavyWork } from "./heavy-work.ts";

vi.mock("node:os", { spy: true });
beforeEach(() => void vi.mocked(availableParallelism).mockReturnValue(4));

type Kind = "decode" | "hash";

/** Work that runs until `end` is called, and which of it has started, in order. */
function createWork() {
  const { decodes, hashes } = createHeavyWork();
  const running: { readonly kind: Kind; end(): void }[] = [];
  return {
    running: () => running.map(({ kind }) => kind),
    submit(kind: Kind): Promise<unknown> {
      const work = () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        running.push({ kind, end: resolve });
        return promise;
      };
      const run = kind === "hash" ? hashes.run(1, hashPatience, work) : decodes.run(64_000_000, requestPatience, work);
      run.catch(() => undefined);
      return run;
    },
    /** Ends the work of a kind that has run longest. */
    async end(kind: Kind) {
      const [ended] = running.splice(
        running.findIndex((each) => each.kind === kind),
        1,
      );
      ended?.end();
      await settle();
    },
  };
}
const settle = () => new Promise(setImmediate);

describe("createHeavyWork", () => {
  it.each([
    ["decode", "hash", 4, ["decode", "decode", "hash"]],
    ["hash", "decode", 4, ["hash", "hash", "decode"]],
    ["decode", "hash", 1, ["decode", "hash"]],
  ] as const)("many of %s leave a thread to %s with %i CPUs", async (first, second, cpus, running) => {
    vi.mocked(availableParallelism).mockReturnValue(cpus);
    const work = createWork();
    for (const kind of [first, second]) for (let count = 0; count < 8; count++) work.submit(kind);
    await settle();
    expect(work.running()).toEqual(running);
  });

  it("a free thread goes to the kind that has waited longer for one", async () => {
    const work = createWork();
    for (const kind of ["decode", "decode", "hash", "hash", "hash"] as const) work.submit(kind);
    await settle();
    await work.end("decode");
    expect(work.running()).toEqual(["decode", "hash", "hash"]);
    work.submit("decode");
    await settle();
    await work.end("hash");
    expect(work.running()).toEqual(["decode", "hash", "decode"]);
  });
});

describe("hashes", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("sixteen hashes wait for two seconds in all, then they are rejected with Retry-After 2", async () => {
    const work = createWork();
    for (const kind of ["decode", "decode", "hash"] as const) work.submit(kind);
    const busy = { code: "DEPENDENCY_UNAVAILABLE", headers: { "Retry-After": "2" } };
    // One has passed the gate of hashes and waits for a thread; sixteen wait behind it.
    const waiting = Array.from({ length: 17 }, () => work.submit("hash"));
    await expect(work.submit("hash")).rejects.toMatchObject(busy);
    await vi.advanceTimersByTimeAsync(1_999);
    const results = Promise.allSettled(waiting);
    await vi.advanceTimersByTimeAsync(1);
    for (const each of await results) expect(each).toMatchObject({ status: "rejected", reason: busy });
    expect(work.running()).toEqual(["decode", "decode", "hash"]);
  });
});
