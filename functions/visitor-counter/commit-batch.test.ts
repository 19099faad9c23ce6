// One batch of seven visits against a row in memory: when it is tried again, and when it is given up.
import { beforeEach, describe, expect, it } from "vitest";
import { commitBatch } from "./commit-batch.ts";
import { ENTRY_LIFE_MS, emptyTotal, PROOF_MS, type Total, withBatch } from "./total.ts";
import { type StoredTotal, StoreError, type TotalStore } from "./total-store.ts";

const WINDOW_MS = 6_000;
let now: number;
let row: Required<StoredTotal>;
let calls: string[];
/** What the next writes do; the last one repeats. */
let writes: ("succeed" | "fail" | "apply and fail")[];
/** Runs before each read. */
let beforeRead: () => void;
/** Time of the process's clock, when it differs from the store's. */
let clockTime: number | undefined;

function put(total: Total): string {
  row = { total, etag: `${Number(row.etag) + 1}` };
  return row.etag;
}

/** Another writer's commit, which drops old entries. */
function rivalCommits() {
  const batch = { writer: "rival", commit: now, visits: 1, visitors: [], held: 0, day: "2026-03-01" };
  const inputs = { now: { earliest: now, latest: now }, writtenDays: new Set<string>(), salt: undefined };
  put(withBatch(row.total, batch, inputs) ?? expect.fail());
}

const store: TotalStore = {
  async read() {
    calls.push("read");
    beforeRead();
    return { ...row, readAt: now };
  },
  async write(total, etag) {
    calls.push("write");
    const behaviour = writes.length > 1 ? writes.shift() : writes[0];
    if (behaviour === "fail") throw new StoreError("transient");
    if (etag !== row.etag) throw new StoreError("conflict");
    const written = put(total);
    if (behaviour === "apply and fail") throw new StoreError("transient");
    return written;
  },
  writeDay: () => expect.fail("no day is over"),
};

function commit(first: StoredTotal = row) {
  const batch = { writer: "own", commit: 1, visits: 7, visitors: [], held: 0, day: "2026-03-01" };
  const until = now + WINDOW_MS;
  return commitBatch({ batch, frozenAt: now, row: first, writtenDays: new Set() }, () => until, {
    store,
    clock: { observe: () => undefined, now: () => ({ earliest: clockTime ?? now, latest: clockTime ?? now }) },
    async sleep(ms) {
      now += ms;
    },
    elapsed: () => now,
    random: () => 0.5,
    createSalt: () => undefined,
  });
}

const failsWith = (kind: StoreError["kind"]) => expect.objectContaining({ name: "StoreError", kind });

beforeEach(() => {
  now = Date.UTC(2026, 2, 1);
  row = { total: emptyTotal, etag: "1" };
  calls = [];
  writes = ["succeed"];
  beforeRead = () => undefined;
  clockTime = undefined;
});

describe("commitBatch", () => {
  it("writes the row that it is given, without a read", async () => {
    const { total, etag } = await commit();
    expect(total).toMatchObject({ count: 7, writers: { own: { commit: 1, count: 7 } } });
    expect(etag).toBe("2");
    expect(calls).toEqual(["write"]);
  });

  it("reads the row after a conflict and commits on top of the other writer's batch", async () => {
    const first = row;
    rivalCommits();
    expect((await commit(first)).total.writers.own).toMatchObject({ commit: 1, count: 8 });
    expect(calls).toEqual(["write", "read", "write"]);
  });

  it("finds the batch in the row when the response of its write was lost", async () => {
    writes = ["apply and fail"];
    beforeRead = rivalCommits;
    const { total } = await commit();
    expect(total.count).toBe(8);
    expect(total.writers.own).toMatchObject({ commit: 1, count: 7 });
    expect(calls).toEqual(["write", "read"]);
  });

  it("writes again when a read within half an entry's life shows no entry", async () => {
    writes = ["fail", "succeed"];
    beforeRead = () => {
      now += PROOF_MS - 1_000;
      rivalCommits();
    };
    expect((await commit()).total.count).toBe(8);
  });

  it.each([
    ["applied and its entry dropped", "apply and fail", 8],
    ["not applied", "fail", 1],
  ] as const)("gives up as uncertain after a longer suspension when the batch was %s", async (_, behaviour, count) => {
    writes = [behaviour, "succeed"];
    beforeRead = () => {
      now += ENTRY_LIFE_MS + 1_000;
      rivalCommits();
    };
    await expect(commit()).rejects.toEqual(failsWith("uncertain"));
    expect(row.total.count).toBe(count);
    expect(calls).toEqual(["write", "read"]);
  });

  it("gives up as uncertain by the time of the read itself when the clock has observed an older response since", async () => {
    clockTime = now;
    writes = ["apply and fail", "succeed"];
    beforeRead = () => {
      now += ENTRY_LIFE_MS + 1_000;
      rivalCommits();
    };
    await expect(commit()).rejects.toEqual(failsWith("uncertain"));
    expect(row.total.count).toBe(8);
  });

  it("finds an applied batch after a longer suspension while its entry exists", async () => {
    writes = ["apply and fail"];
    beforeRead = () => {
      now += ENTRY_LIFE_MS * 6;
    };
    expect((await commit()).total.count).toBe(7);
  });

  it("gives up with the last error when its time is over", async () => {
    const began = now;
    writes = ["fail"];
    await expect(commit()).rejects.toEqual(failsWith("transient"));
    expect(now - began).toBeLessThanOrEqual(WINDOW_MS);
    expect(row.total.count).toBe(0);
  });
});
