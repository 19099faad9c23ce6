// Who is counted as whom by each class, in one instance; and what becomes of the shared ones when their store fails.
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Fault } from "../../../local/fault-proxy.fixture.ts";
import { from, LONG, openInstance, openProxy, passed, spend } from "./limits.simulation.ts";

const ada = from("203.0.113.1", { caller: "ada" });
const stranger = from("203.0.113.1");
const other = from("203.0.113.2");

describe("a class that counts in each instance", () => {
  it.each([
    ["default", stranger, other, 30, '"default"'],
    ["default", ada, from("203.0.113.1", { caller: "bob" }), 200, '"default"'],
    ["visits", stranger, other, 60, '"visits"'],
    ["uploads", ada, from("203.0.113.1", { caller: "bob" }), 30, '"uploads"'],
  ] as const)(
    "%s lets each asker pass so often and then no more, and leaves others alone",
    async (limit, one, two, quota, name) => {
      const limits = openInstance();
      const rulings = await spend(limits, limit, { asker: one, times: quota + 5 });
      expect(passed(rulings)).toBe(quota);
      expect(rulings[0]?.headers).toEqual({
        "RateLimit-Policy": `${name};q=${quota};w=${LONG}`,
        RateLimit: `${name};r=${quota - 1};t=${LONG}`,
      });
      expect(rulings.at(-1)).toMatchObject({
        headers: { RateLimit: expect.stringMatching(new RegExp(`^${name};r=0;t=\\d+$`)) },
        refused: { rule: expect.stringContaining(`More than ${quota} requests`), retryAfter: expect.any(Number) },
      });
      expect(passed(await spend(limits, limit, { asker: two, times: 1 }))).toBe(1);
    },
  );

  it("counts a caller apart from an address, even one that is called like it", async () => {
    const limits = openInstance();
    await spend(limits, "default", { asker: stranger, times: 31 });
    expect(passed(await spend(limits, "default", { asker: from("", { caller: "203.0.113.1" }), times: 1 }))).toBe(1);
    expect(passed(await spend(limits, "visits", { asker: stranger, times: 1 }))).toBe(1);
  });

  it("does not look for an address where a caller counts", async () => {
    const address = vi.fn(async () => "203.0.113.1");
    await openInstance().spend("default", { address, caller: "ada" });
    expect(address).not.toHaveBeenCalled();
  });

  it("lets pass again when its window is over, and says when, in whole seconds", async () => {
    const limits = openInstance({ seconds: 1 });
    const [refusal] = (await spend(limits, "default", { asker: stranger, times: 31 })).slice(-1);
    expect(refusal?.refused?.retryAfter).toBe(1);
    await vi.waitFor(
      async () => expect(passed(await spend(limits, "default", { asker: stranger, times: 1 }))).toBe(1),
      {
        timeout: 10_000,
      },
    );
  });
});

describe("the class secret", () => {
  const account = () => `owner-${randomUUID()}`;
  const trying = (name: string, address = "203.0.113.1") => from(address, { account: name });

  it("lets an account be tried ten times from an address, and tells of every policy", async () => {
    const asker = trying(account());
    const rulings = await spend(openInstance(), "secret", { asker, times: 12, at: "turns" });
    expect(passed(rulings)).toBe(10);
    expect(rulings[0]?.headers).toEqual({
      "RateLimit-Policy": `"secret";q=10;w=${LONG}, "secret-account";q=50;w=${LONG}`,
      RateLimit: expect.stringMatching(/^"secret";r=9;t=\d+, "secret-account";r=49;t=\d+$/),
    });
    expect(rulings.at(-1)?.headers.RateLimit).toMatch(/^"secret";r=0;t=\d+$/);
    expect(rulings.at(-1)?.refused?.rule).toMatch(/^More than 10 requests .* for this account from your address/);
  });

  it("does not let one address keep an account's owner out at another", async () => {
    const name = account();
    const limits = openInstance();
    await spend(limits, "secret", { asker: trying(name, "198.51.100.1"), times: 100 });
    expect(passed(await spend(limits, "secret", { asker: trying(name), times: 12, at: "turns" }))).toBe(10);
  });

  it("lets an account be tried fifty times in all, however many addresses try", async () => {
    const name = account();
    const limits = openInstance();
    let all = 0;
    for (let host = 1; host <= 8; host++)
      all += passed(
        await spend(limits, "secret", { asker: trying(name, `198.51.100.${host}`), times: 10, at: "turns" }),
      );
    expect(all).toBe(50);
    const [ruling] = await spend(limits, "secret", { asker: trying(name), times: 1 });
    expect(ruling?.refused?.rule).toMatch(/^More than 50 requests .* for this account:/);
  });

  it("lets an address ask thirty times, whichever accounts it tries", async () => {
    const asker = from(`198.51.100.${randomUUID()}`);
    const rulings = await spend(openInstance(), "secret", { asker, times: 40 });
    expect(passed(rulings)).toBe(30);
    expect(rulings[0]?.headers["RateLimit-Policy"]).toBe(`"secret-address";q=30;w=${LONG}`);
  });

  it("takes any name for an account", async () => {
    for (const name of ["", "a/b\\c#d?e", "\u0000\n", "ü😀", "'", "x".repeat(5_000), '","account":"'])
      expect(passed(await spend(openInstance(), "secret", { asker: trying(`${name}${account()}`), times: 1 }))).toBe(1);
  });
});

it("the class keys lets a caller pass five times, in all instances together", async () => {
  const asker = from("203.0.113.1", { caller: randomUUID() });
  const [one, two] = [openInstance(), openInstance()];
  expect(passed(await spend(one, "keys", { asker, times: 3 }))).toBe(3);
  expect(passed(await spend(two, "keys", { asker, times: 9 }))).toBe(2);
});

describe("when the store of the shared limits fails", () => {
  const asker = () => from("203.0.113.1", { caller: randomUUID() });
  afterEach(() => void vi.useRealTimers());

  it.each<[string, Fault | "stopped"]>([
    ["is down", "stopped"],
    ["refuses", { kind: "status", status: 403 }],
    ["throttles", { kind: "status", status: 429, retryAfter: 1 }],
    ["does not answer", { kind: "delay", ms: 30_000 }],
    ["loses its answers", { kind: "reset-after" }],
  ])("because it %s, the instance counts alone and says so once", async (_, fault) => {
    const proxy = await openProxy();
    onTestFinished(() => proxy.close());
    const limits = openInstance({ endpoint: proxy.url, patienceMs: 300 });
    if (fault === "stopped") await proxy.stop();
    else proxy.decide(() => fault);
    const one = asker();
    const rulings = await spend(limits, "keys", { asker: one, times: 8 });
    expect(passed(rulings)).toBe(5);
    expect(rulings.at(-1)).toMatchObject({ refused: { retryAfter: expect.any(Number) } });
    expect(limits.lines).toMatchObject([{ message: "limits-store-down", level: "warn", error: expect.anything() }]);
  });

  it("says so again a minute later, and counts with the others again when the store is back", async () => {
    const proxy = await openProxy();
    onTestFinished(() => proxy.close());
    const limits = openInstance({ endpoint: proxy.url });
    proxy.decide(() => ({ kind: "drop" }));
    vi.useFakeTimers({ toFake: ["Date"] });
    await spend(limits, "keys", { asker: asker(), times: 3 });
    vi.setSystemTime(Date.now() + 59_000);
    await spend(limits, "keys", { asker: asker(), times: 3 });
    expect(limits.lines).toHaveLength(1);
    vi.setSystemTime(Date.now() + 2_000);
    await spend(limits, "keys", { asker: asker(), times: 3 });
    expect(limits.lines).toHaveLength(2);
    proxy.decide(undefined);
    const one = asker();
    expect(passed(await spend(limits, "keys", { asker: one, times: 5 }))).toBe(5);
    expect(passed(await spend(openInstance(), "keys", { asker: one, times: 5 }))).toBe(0);
    expect(limits.lines).toHaveLength(2);
  });
});
