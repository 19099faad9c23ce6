// The counter against Azurite, through a proxy that loses, delays and refuses.
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadCertificate } from "../../local/certificate.ts";
import { type Fault, type FaultProxy, type ProxiedRequest, startFaultProxy } from "../../local/fault-proxy.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createTableClient } from "../lib/azure/tables.ts";
import { tables } from "../lib/names.ts";
import type { Visit } from "./group-commit.ts";
import { createVisitorCounter, type VisitorCounter } from "./visitor-counter.ts";

const endpoint = process.env.TABLES_ENDPOINT as string;
const credential = createCredential(undefined);
const direct = createTableClient({ endpoint, table: tables.visits, credential, retries: 0 });
let proxy: FaultProxy;
let page: string;
/** Through the proxy, impatient so that what is lost is noticed soon. */
let counter: VisitorCounter;
/** Another instance, straight to the store. */
let other: VisitorCounter;

const open = (table = direct) =>
  createVisitorCounter({ table, pages: [page], timeZone: "UTC", patience: { callMs: 300, windowMs: 2_000 } });

beforeAll(async () => {
  const certificate = await loadCertificate(dirname(process.env.NODE_EXTRA_CA_CERTS as string));
  proxy = await startFaultProxy({ target: endpoint, certificate });
});
beforeEach(() => {
  page = `p${randomUUID()}`;
  proxy.decide(undefined);
  counter = open(createTableClient({ endpoint: proxy.url, table: tables.visits, credential, retries: 0 }));
  other = open();
});
afterAll(() => proxy.close());

const isWrite = ({ method }: ProxiedRequest) => method !== "GET";

/** Misbehaves on the first `times` writes of the table. */
function failWrites(fault: Fault, times = 1) {
  let left = times;
  proxy.decide((request) => (isWrite(request) && left-- > 0 ? fault : undefined));
}
const many = (count: number, from = counter) => Promise.all(Array.from({ length: count }, () => from.count(page)));
const numbers = (visits: readonly Visit[]) => visits.map(({ count }) => count).sort((a, b) => a - b);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const unavailable = expect.objectContaining({ code: "DEPENDENCY_UNAVAILABLE" });

describe("counting", () => {
  it("gives each of many visits at once its own number", async () => {
    expect(numbers(await many(500))).toEqual(upTo(500));
    expect(await counter.read(page)).toEqual({ count: 500, today: 500 });
  });

  it("spends one table call on a quiet visit once it knows the row", async () => {
    await counter.count(page);
    const before = proxy.calls();
    await counter.count(page);
    expect(proxy.calls() - before).toBe(1);
  });

  it("shares commits among visits that arrive together", async () => {
    await counter.count(page);
    const before = proxy.calls();
    await many(200);
    expect(proxy.calls() - before).toBeLessThanOrEqual(2);
  });

  it("refuses a page that is not counted, and creates nothing", async () => {
    await expect(counter.count("unknown")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(counter.read("unknown")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(direct.getEntity("unknown", "total")).rejects.toMatchObject({ statusCode: 404 });
  });

  it("reads zeros before the first visit and creates nothing", async () => {
    expect(await counter.read(page)).toEqual({ count: 0, today: 0 });
    await expect(direct.getEntity(page, "total")).rejects.toMatchObject({ statusCode: 404 });
  });

  it("counts on beyond 2^31", async () => {
    await counter.seed(page, 2 ** 31 + 5);
    expect(await counter.count(page)).toEqual({ count: 2 ** 31 + 6, today: 1 });
    expect((await direct.getEntity(page, "total")).count).toBe(BigInt(2 ** 31 + 6));
  });

  it("closes a day that is over into a row of its own", async () => {
    await other.count(page);
    await direct.updateEntity({ partitionKey: page, rowKey: "total", day: "2020-02-29" }, "Merge");
    await counter.read(page);
    expect(await counter.count(page)).toEqual({ count: 2, today: 1 });
    await vi.waitFor(async () => expect((await direct.getEntity(page, "day:2020-02-29")).count).toBe(1n));
    await vi.waitFor(async () => {
      await counter.count(page);
      expect((await direct.getEntity(page, "total")).closed).toBe("[]");
    });
  });
});

describe("a write whose answer is lost", () => {
  it.each<Fault["kind"]>(["swallow", "reset-after"])("is found in the row, not repeated: %s", async (kind) => {
    await counter.count(page);
    failWrites({ kind } as Fault);
    expect(numbers(await many(20))).toEqual(upTo(21).slice(1));
    expect((await counter.read(page)).count).toBe(21);
  });

  it("is found even when it created the row", async () => {
    failWrites({ kind: "swallow" });
    expect(await counter.count(page)).toEqual({ count: 1, today: 1 });
    expect((await counter.read(page)).count).toBe(1);
  });

  it("is found even when another instance commits before the row is read again", async () => {
    await counter.count(page);
    let lost = false;
    proxy.decide((request) => {
      if (!isWrite(request) || lost) return undefined;
      lost = true;
      return { kind: "swallow" };
    });
    const waiting = counter.count(page);
    await vi.waitFor(async () => expect((await other.read(page)).count).toBe(2));
    expect(await other.count(page)).toEqual({ count: 3, today: 3 });
    expect(await waiting).toEqual({ count: 2, today: 2 });
    expect((await other.read(page)).count).toBe(3);
  });

  it.each([1, 3])("is found after %i lost answers in a row", async (times) => {
    failWrites({ kind: "reset-after" }, times);
    await many(5);
    expect((await other.read(page)).count).toBe(5);
  });
});

describe("a write that comes late", () => {
  /** Holds the first write back until `release`, whatever its client does meanwhile. */
  function holdFirstWrite() {
    const { promise, resolve } = Promise.withResolvers<void>();
    let held = false;
    proxy.decide((request) => {
      if (!isWrite(request) || held) return undefined;
      held = true;
      return { kind: "hold", until: promise };
    });
    return resolve;
  }

  it("after the second attempt changes nothing", async () => {
    await counter.count(page);
    const release = holdFirstWrite();
    expect(await counter.count(page)).toEqual({ count: 2, today: 2 });
    release();
    await vi.waitFor(() => expect(proxy.held()).toBe(0));
    expect(await counter.count(page)).toEqual({ count: 3, today: 3 });
    expect((await other.read(page)).count).toBe(3);
  });

  it("between the re-read and the second attempt is found by the attempt after", async () => {
    await counter.count(page);
    const { promise, resolve } = Promise.withResolvers<void>();
    let writes = 0;
    proxy.decide((request) => {
      if (!isWrite(request)) return undefined;
      writes++;
      if (writes === 1) return { kind: "hold", until: promise };
      if (writes > 2) return undefined;
      // The second attempt waits until the first has been applied.
      resolve();
      return { kind: "hold", until: vi.waitFor(async () => expect((await other.read(page)).count).toBe(2)) };
    });
    expect(await counter.count(page)).toEqual({ count: 2, today: 2 });
    expect((await other.read(page)).count).toBe(2);
  });

  it("after the batch was given up counts only visits that were answered with an error", async () => {
    await counter.count(page);
    const { promise, resolve } = Promise.withResolvers<void>();
    let first = true;
    proxy.decide((request) => {
      if (isWrite(request) && first) {
        first = false;
        return { kind: "hold", until: promise };
      }
      return { kind: "refuse" };
    });
    await expect(counter.count(page)).rejects.toEqual(unavailable);
    resolve();
    await vi.waitFor(async () => expect((await other.read(page)).count).toBe(2));
    proxy.decide(undefined);
    expect(await counter.count(page)).toEqual({ count: 3, today: 3 });
  });
});

describe("a store in trouble", () => {
  it.each<[string, number, Fault]>([
    ["throttles with Retry-After", 1, { kind: "status", status: 429, retryAfter: 1 }],
    ["answers 503", 2, { kind: "status", status: 503 }],
    ["answers late", 2, { kind: "delay", ms: 500 }],
    ["drops connections", 2, { kind: "refuse" }],
    ["resets connections", 2, { kind: "reset-before" }],
  ])("loses no visit when it %s for a while", async (_, times, fault) => {
    failWrites(fault, times);
    expect(numbers(await many(10))).toEqual(upTo(10));
    expect((await other.read(page)).count).toBe(10);
  });

  it("answers DEPENDENCY_UNAVAILABLE while it is down, to those who wait too, and needs no restart", async () => {
    await counter.count(page);
    await proxy.stop();
    const outcomes = await Promise.allSettled([counter.count(page), counter.count(page), counter.read(page)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: unavailable });
    await proxy.start();
    expect(await counter.count(page)).toEqual({ count: 2, today: 2 });
  });

  it("passes on how long a store asks to wait when that is longer than it has patience", async () => {
    failWrites({ kind: "status", status: 429, retryAfter: 120 });
    await expect(counter.count(page)).rejects.toMatchObject({ headers: { "Retry-After": "120" } });
  });

  it("gives up at once when the store will not rather than cannot", async () => {
    failWrites({ kind: "status", status: 403 });
    await expect(counter.count(page)).rejects.toEqual(unavailable);
  });

  it("refuses visits beyond the bound of its queue", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    proxy.decide(() => ({ kind: "hold", until: promise }));
    const outcomes = Promise.allSettled(Array.from({ length: 10_001 }, () => counter.count(page)));
    await vi.waitFor(() => expect(proxy.held()).toBeGreaterThan(0));
    await expect(counter.count(page)).rejects.toEqual(unavailable);
    proxy.decide(undefined);
    resolve();
    const refused = (await outcomes).filter(({ status }) => status === "rejected");
    expect(refused.length).toBe(1);
    expect((await other.read(page)).count).toBe(10_000);
  });
});

describe("seeding", () => {
  it("creates an absent row, keeps a larger count, raises a smaller one, and says which", async () => {
    expect(await counter.seed(page, 0)).toEqual({ did: "created", count: 0 });
    expect(await counter.seed(page, 0)).toEqual({ did: "kept", count: 0 });
    expect(await counter.seed(page, 40)).toEqual({ did: "raised", count: 40 });
    expect(await counter.count(page)).toEqual({ count: 41, today: 1 });
    expect(await counter.seed(page, 7)).toEqual({ did: "kept", count: 41 });
  });

  it("loses no visit that is counted at the same time", async () => {
    const [visits, seeded] = await Promise.all([many(50, other), counter.seed(page, 1_000)]);
    expect(["created", "raised"]).toContain(seeded.did);
    const before = visits.filter(({ count }) => count < 1_000).length;
    expect((await other.read(page)).count).toBe(1_000 + visits.length - before);
  });
});
