// How long a batch that does not get through can be kept: for as long as the row proves that it was not applied.
import { beforeEach, describe, expect, it } from "vitest";
import { silentMeter } from "../lib/meter.ts";
import { type Batches, createBatches } from "./batches.ts";
import { emptyTotal, PROOF_MS, type Total, withBatch } from "./total.ts";
import { type StoredTotal, StoreFailure, type TotalStore } from "./total-store.ts";

const MINUTE = 60_000;
let now: number;
let row: Required<StoredTotal>;
let writesFail: "at once" | "after they were applied" | "late" | "not";
/** Applies the first write that was late. */
let deliver: (() => unknown) | undefined;
let readsFail: boolean;
let batches: Batches;

function put(total: Total): string {
  row = { total, etag: `${Number(row.etag) + 1}` };
  return row.etag;
}

/** Another writer's commit, which drops entries that are old. */
function rivalCommits() {
  const batch = { writer: "rival", commit: now, visits: 1, day: "2026-03-01" };
  put(withBatch(row.total, batch, { now: { earliest: now, latest: now }, written: new Set() }) ?? expect.fail());
}

const store: TotalStore = {
  async read() {
    if (readsFail) throw new StoreFailure("unknown");
    return row;
  },
  async write(total, etag) {
    if (writesFail === "at once") throw new StoreFailure("unknown");
    if (writesFail === "late") {
      deliver ??= () => put(total);
      throw new StoreFailure("unknown");
    }
    if (etag !== row.etag) throw new StoreFailure("conflict");
    const written = put(total);
    if (writesFail === "not") return written;
    readsFail = true;
    throw new StoreFailure("unknown");
  },
  writeDay: () => expect.fail("no day is over"),
};

beforeEach(() => {
  now = Date.UTC(2026, 2, 1);
  row = { total: emptyTotal, etag: "1" };
  readsFail = false;
  writesFail = "at once";
  deliver = undefined;
  const options = {
    page: "page",
    store,
    clock: { observe: () => undefined, now: () => ({ earliest: now, latest: now }) },
    dayOf: () => "2026-03-01",
    writer: "own",
    async sleep(ms: number) {
      now += ms;
    },
    elapsed: () => now,
    random: () => 0.5,
    windowMs: 6_000,
    log: { warn: () => undefined },
    meter: silentMeter,
  };
  batches = createBatches(options, () => undefined);
});

describe("a batch of seven that does not get through", () => {
  const open = () => batches.open(() => 7);
  const failed = (kind: StoreFailure["kind"]) => expect.objectContaining({ name: "StoreFailure", kind });

  it("is written an hour later when the row is still the one that it was sent for", async () => {
    const commit = open();
    for (let minute = 0; minute < 60; minute++) {
      await expect(commit()).rejects.toEqual(failed("unknown"));
      now += MINUTE;
    }
    writesFail = "not";
    expect(await commit()).toMatchObject({ commit: 1, count: 7 });
    expect(row.total.count).toBe(7);
  });

  it("is written also when nothing could be read in all that time", async () => {
    const commit = open();
    await expect(commit()).rejects.toEqual(failed("unknown"));
    now += 60 * MINUTE;
    writesFail = "not";
    expect(await commit()).toMatchObject({ commit: 1, count: 7 });
  });

  it("is given up when a late attempt may have been applied since the row was last seen unchanged", async () => {
    const commit = open();
    writesFail = "late";
    for (let minute = 0; minute < 9; minute += 3) {
      await expect(commit()).rejects.toEqual(failed("unknown"));
      now += 3 * MINUTE;
    }
    deliver?.();
    now += 2 * MINUTE;
    rivalCommits();
    writesFail = "not";
    await expect(commit()).rejects.toEqual(failed("uncertain"));
    expect(row.total.count).toBe(7 + 1);
  });

  it("is written an hour later when it saw every few minutes that it is not in the row", async () => {
    const commit = open();
    for (let minute = 0; minute < 60; minute += 4) {
      await expect(commit()).rejects.toEqual(failed("unknown"));
      now += 4 * MINUTE;
      rivalCommits();
    }
    writesFail = "not";
    expect(await commit()).toMatchObject({ commit: 1, count: 15 + 7 });
  });

  it("is found when it was applied all the same, however late, while its entry stands", async () => {
    const commit = open();
    writesFail = "after they were applied";
    await expect(commit()).rejects.toEqual(failed("unknown"));
    now += 60 * MINUTE;
    readsFail = false;
    expect(await commit()).toMatchObject({ commit: 1, count: 7 });
    expect(row.total.count).toBe(7);
  });

  it.each([
    ["it was applied and its entry dropped", "after they were applied", 7 + 1],
    ["it was not applied", "at once", 1],
  ] as const)("is given up when others have written since and the row cannot tell: %s", async (_, how, count) => {
    const commit = open();
    writesFail = how;
    await expect(commit()).rejects.toEqual(failed("unknown"));
    readsFail = true;
    now += 11 * MINUTE;
    rivalCommits();
    readsFail = false;
    writesFail = "not";
    await expect(commit()).rejects.toEqual(failed("uncertain"));
    expect(row.total.count).toBe(count);
  });

  it("is written again within half an entry's life, whoever wrote since", async () => {
    const commit = open();
    await expect(commit()).rejects.toEqual(failed("unknown"));
    now += PROOF_MS - 10_000;
    rivalCommits();
    writesFail = "not";
    expect(await commit()).toMatchObject({ count: 1 + 7 });
  });

  it("takes its visits when it is frozen, not before the row was read", async () => {
    let visits = 1;
    const commit = batches.open(() => visits);
    readsFail = true;
    await expect(commit()).rejects.toEqual(failed("unknown"));
    visits = 3;
    readsFail = false;
    writesFail = "not";
    expect(await commit()).toMatchObject({ count: 3 });
  });

  it("writes nothing when there are none to take after all", async () => {
    expect(await batches.open(() => 0)()).toBeUndefined();
    expect(row.etag).toBe("1");
  });
});
