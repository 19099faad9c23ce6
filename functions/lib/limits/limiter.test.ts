// The subject that each limit class counts, in one instance, and shared limits while their store fails.
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Fault } from "../../../local/fault-proxy.fixture.ts";
import { startTableProxy } from "../test-services.fixture.ts";
import { consumeTimes, countAccepted, LONG, openInstance, subjectOf } from "./limits.fixture.ts";

const ada = subjectOf("203.0.113.1", { caller: "ada" });
const anonymous = subjectOf("203.0.113.1");
const other = subjectOf("203.0.113.2");

describe("limits per instance", () => {
  it.each([
    ["default", anonymous, other, 30, '"default"'],
    ["default", ada, subjectOf("203.0.113.1", { caller: "bob" }), 200, '"default"'],
    ["visits", anonymous, other, 60, '"visits"'],
    ["uploads", ada, subjectOf("203.0.113.1", { caller: "bob" }), 30, '"uploads"'],
  ] as const)(
    "%s accepts its quota for each subject, then rejects, and counts other subjects apart",
    async (limit, one, two, quota, name) => {
      const limits = openInstance();
      const results = await consumeTimes(limits, limit, { subject: one, times: quota + 5 });
      expect(countAccepted(results)).toBe(quota);
      expect(results[0]?.headers).toEqual({
        "RateLimit-Policy": `${name};q=${quota};w=${LONG}`,
        RateLimit: `${name};r=${quota - 1};t=${LONG}`,
      });
      expect(results.at(-1)).toMatchObject({
        headers: { RateLimit: expect.stringMatching(new RegExp(`^${name};r=0;t=\\d+$`)) },
        rejection: { message: expect.stringContaining(`More than ${quota} requests`), retryAfter: expect.any(Number) },
      });
      expect(countAccepted(await consumeTimes(limits, limit, { subject: two, times: 1 }))).toBe(1);
    },
  );

  it("counts a caller apart from an address, even if both have the same text", async () => {
    const limits = openInstance();
    await consumeTimes(limits, "default", { subject: anonymous, times: 31 });
    expect(
      countAccepted(
        await consumeTimes(limits, "default", { subject: subjectOf("", { caller: "203.0.113.1" }), times: 1 }),
      ),
    ).toBe(1);
    expect(countAccepted(await consumeTimes(limits, "visits", { subject: anonymous, times: 1 }))).toBe(1);
  });

  it("does not determine the address where the caller counts", async () => {
    const address = vi.fn(async () => "203.0.113.1");
    await openInstance().consume("default", { address, caller: "ada" });
    expect(address).not.toHaveBeenCalled();
  });

  it("accepts requests again after its window, and reports the wait in whole seconds", async () => {
    const limits = openInstance({ seconds: 1 });
    const [rejected] = (await consumeTimes(limits, "default", { subject: anonymous, times: 31 })).slice(-1);
    expect(rejected?.rejection?.retryAfter).toBe(1);
    await vi.waitFor(
      async () =>
        expect(countAccepted(await consumeTimes(limits, "default", { subject: anonymous, times: 1 }))).toBe(1),
      {
        timeout: 30_000,
      },
    );
  });
});

describe("limit class secret", () => {
  const account = () => `owner-${randomUUID()}`;
  const attempt = (name: string, address = "203.0.113.1") => subjectOf(address, { account: name });

  it("accepts ten attempts on an account from an address, and reports every policy", async () => {
    const subject = attempt(account());
    const results = await consumeTimes(openInstance(), "secret", { subject, times: 12, order: "sequential" });
    expect(countAccepted(results)).toBe(10);
    expect(results[0]?.headers).toEqual({
      "RateLimit-Policy": `"secret";q=10;w=${LONG}, "secret-account";q=50;w=${LONG}`,
      RateLimit: expect.stringMatching(/^"secret";r=9;t=\d+, "secret-account";r=49;t=\d+$/),
    });
    expect(results.at(-1)?.headers.RateLimit).toMatch(/^"secret";r=0;t=\d+$/);
    expect(results.at(-1)?.rejection?.message).toMatch(/^More than 10 requests .* for this account from your address/);
  });

  it("lets the owner of an account sign in while another address is rejected", async () => {
    const name = account();
    const limits = openInstance();
    await consumeTimes(limits, "secret", { subject: attempt(name, "198.51.100.1"), times: 100 });
    expect(
      countAccepted(await consumeTimes(limits, "secret", { subject: attempt(name), times: 12, order: "sequential" })),
    ).toBe(10);
  });

  it("accepts fifty attempts on an account, however many addresses take part", async () => {
    const name = account();
    const limits = openInstance();
    let all = 0;
    for (let host = 1; host <= 8; host++)
      all += countAccepted(
        await consumeTimes(limits, "secret", {
          subject: attempt(name, `198.51.100.${host}`),
          times: 10,
          order: "sequential",
        }),
      );
    expect(all).toBe(50);
    const [result] = await consumeTimes(limits, "secret", { subject: attempt(name), times: 1 });
    expect(result?.rejection?.message).toMatch(/^More than 50 requests .* for this account:/);
  });

  it("accepts thirty attempts of an address, whichever accounts it tries", async () => {
    const subject = subjectOf(`198.51.100.${randomUUID()}`);
    const results = await consumeTimes(openInstance(), "secret", { subject, times: 40 });
    expect(countAccepted(results)).toBe(30);
    expect(results[0]?.headers["RateLimit-Policy"]).toBe(`"secret-address";q=30;w=${LONG}`);
  });

  it("counts a request with a token by its caller, and says so", async () => {
    const subject = { caller: account(), address: () => Promise.reject(new Error("The address was read")) };
    const results = await consumeTimes(openInstance(), "secret", { subject, times: 31, order: "sequential" });
    expect(countAccepted(results)).toBe(30);
    expect(results.at(-1)?.rejection?.message).toMatch(/^More than 30 requests in \d+ seconds from you: /);
  });

  it("accepts any text as the name of an account", async () => {
    for (const name of ["", "a/b\\c#d?e", "\u0000\n", "ü😀", "'", "x".repeat(5_000), '","account":"'])
      expect(
        countAccepted(
          await consumeTimes(openInstance(), "secret", { subject: attempt(`${name}${account()}`), times: 1 }),
        ),
      ).toBe(1);
  });
});

it("limit class keys accepts five requests of a caller across all instances", async () => {
  const subject = subjectOf("203.0.113.1", { caller: randomUUID() });
  const [one, two] = [openInstance(), openInstance()];
  expect(countAccepted(await consumeTimes(one, "keys", { subject, times: 3 }))).toBe(3);
  expect(countAccepted(await consumeTimes(two, "keys", { subject, times: 9 }))).toBe(2);
});

describe("shared limits without their store", () => {
  const subject = () => subjectOf("203.0.113.1", { caller: randomUUID() });
  afterEach(() => void vi.useRealTimers());

  it.each<[string, Fault | "stopped"]>([
    ["is down", "stopped"],
    ["rejects calls", { kind: "status", status: 403 }],
    ["throttles", { kind: "status", status: 429, retryAfter: 1 }],
    ["does not respond", { kind: "delay", ms: 30_000 }],
    ["loses its responses", { kind: "reset-after" }],
  ])("a shared limit counts in this instance alone and logs once when the store %s", async (_, fault) => {
    const proxy = await startTableProxy();
    onTestFinished(() => proxy.close());
    const limits = openInstance({ endpoint: proxy.url, timeoutMs: 300 });
    if (fault === "stopped") await proxy.stop();
    else proxy.decide(() => fault);
    const one = subject();
    const results = await consumeTimes(limits, "keys", { subject: one, times: 8 });
    expect(countAccepted(results)).toBe(5);
    expect(results.at(-1)).toMatchObject({ rejection: { retryAfter: expect.any(Number) } });
    expect(limits.lines).toMatchObject([{ message: "limits-store-down", level: "warn", error: expect.anything() }]);
  });

  it("a shared limit logs again after a minute, and is shared again when the store is back", async () => {
    const proxy = await startTableProxy();
    onTestFinished(() => proxy.close());
    const limits = openInstance({ endpoint: proxy.url });
    proxy.decide(() => ({ kind: "drop" }));
    vi.useFakeTimers({ toFake: ["Date"] });
    await consumeTimes(limits, "keys", { subject: subject(), times: 3 });
    vi.setSystemTime(Date.now() + 59_000);
    await consumeTimes(limits, "keys", { subject: subject(), times: 3 });
    expect(limits.lines).toHaveLength(1);
    vi.setSystemTime(Date.now() + 2_000);
    await consumeTimes(limits, "keys", { subject: subject(), times: 3 });
    expect(limits.lines).toHaveLength(2);
    proxy.decide(undefined);
    const one = subject();
    expect(countAccepted(await consumeTimes(limits, "keys", { subject: one, times: 5 }))).toBe(5);
    expect(countAccepted(await consumeTimes(openInstance(), "keys", { subject: one, times: 5 }))).toBe(0);
    expect(limits.lines).toHaveLength(2);
  });
});
