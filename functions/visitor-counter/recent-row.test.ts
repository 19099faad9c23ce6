// The last row of an instance: when it is read again, and by how many calls.
import { beforeEach, describe, expect, it } from "vitest";
import { createRecentRow, type RecentRow } from "./recent-row.ts";
import { emptyTotal, type Total } from "./total.ts";

const AGE = 10_000;
let now: number;
let reads: number;
let stored: Total;
let fails: boolean;
let recent: RecentRow;
const get = (maxAgeMs = AGE) => recent.get(maxAgeMs, () => recent.store.read());
const withCount = (count: number): Total => ({ ...emptyTotal, count });

beforeEach(() => {
  [now, reads, stored, fails] = [0, 0, withCount(5), false];
  const store = {
    async read() {
      reads++;
      if (fails) throw new Error("down");
      return { total: stored, etag: "1", readAt: 0 };
    },
    async write(total: Total) {
      stored = total;
      return "2";
    },
    writeDay: async () => undefined,
  };
  recent = createRecentRow(store, () => now);
});

describe("the recent row", () => {
  it("is read once for all callers that wait, and then not until it is ten seconds old", async () => {
    const rows = await Promise.all(Array.from({ length: 100 }, () => get()));
    expect(rows).toEqual(Array(100).fill(withCount(5)));
    now = AGE - 1;
    expect(await get()).toEqual(withCount(5));
    expect(reads).toBe(1);
    now = AGE;
    stored = withCount(8);
    expect(await get()).toEqual(withCount(8));
    expect(reads).toBe(2);
  });

  it("is the row that this instance wrote last, without a read", async () => {
    await recent.store.write(withCount(6), "1");
    expect(await get()).toEqual(withCount(6));
    expect(reads).toBe(0);
  });

  it("is read again for a caller who needs a newer one", async () => {
    await get();
    now = 500;
    await get(500);
    expect(reads).toBe(2);
  });

  it("keeps a larger total when a read returns an older version, and does not read again at once", async () => {
    await recent.store.write(withCount(9), "1");
    now = AGE;
    stored = withCount(7);
    expect(await get()).toEqual(withCount(9));
    expect(await get()).toEqual(withCount(9));
    expect(reads).toBe(1);
  });

  it("takes a smaller total after a minute, since it was corrected in the table", async () => {
    await recent.store.write(withCount(9), "1");
    stored = withCount(7);
    now = 59_999;
    expect(await get()).toEqual(withCount(9));
    now += AGE;
    expect(await get()).toEqual(withCount(7));
  });

  it("does not return a row whose read was rejected afterwards, as for a missing table", async () => {
    const readAndCheck = () => recent.store.read().then(() => Promise.reject(new Error("no table")));
    await expect(recent.get(AGE, readAndCheck)).rejects.toThrow("no table");
    await expect(recent.get(AGE, readAndCheck)).rejects.toThrow("no table");
    expect(reads).toBe(2);
  });

  it("rejects while reads fail, and reads again for the next caller", async () => {
    fails = true;
    const outcomes = await Promise.allSettled([get(), get()]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(reads).toBe(1);
    fails = false;
    expect(await get()).toEqual(withCount(5));
  });
});
