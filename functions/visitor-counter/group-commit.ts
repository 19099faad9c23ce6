// One page's counter in one process. Visits that arrive during a write share the next one. Beyond the day's write budget
// visits are held: they get a degraded response at once, and one batch a minute commits them.
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/meter.ts";
import { alertLines } from "../lib/names.ts";
import { type CommitContext, commitBatch, createTimeLimit, retryUntil, writeClosedDays } from "./commit-batch.ts";
import { createPace, RIVAL_MS } from "./pace.ts";
import { isOverBudget, rivals, type Total } from "./total.ts";
import { busy, type StoredTotal, unavailable } from "./total-store.ts";
import type { VisitorHash } from "./uniques.ts";
import { degradedVisit, resolveVisits, type Visit, type WaitingVisit } from "./visit.ts";

export type GroupCommitOptions = CommitContext & {
  readonly page: string;
  /** Day of the site at a time of the store's clock. */
  readonly dayOf: (time: number) => string;
  /** Unique to this process. */
  readonly writer: string;
  /** Milliseconds for all attempts at one batch, including the read before it. */
  readonly windowMs: number;
  /** The same from `close` on, also for the rest of a batch that is running. */
  readonly closingMs: number;
  /** Milliseconds from the first held visit to the commit of all held visits. */
  readonly holdMs: number;
  /** Calls back once, after that many milliseconds. Does not keep the process alive. */
  readonly later: (ms: number, run: () => void) => void;
  /** Commits on one day, by all instances together, beyond which visits are held. */
  readonly dailyWriteBudget: number;
  readonly log: Pick<Log, "warn">;
  readonly meter: Meter;
};

export type GroupCommit = {
  /**
   * Counts one visit.
   * @param visitor undefined if the visitor may not be hashed
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when the store fails for `windowMs` or rejects the write, or too many visits
   * wait. Such a visit, like a degraded one, may or may not be counted.
   */
  count(visitor?: VisitorHash): Promise<Visit>;
  /** Commits the held visits. From then on each visit is committed before its response, whatever it costs. */
  close(): Promise<void>;
};

/** Visits that may wait for the next batch. Further ones are rejected at once. */
const MAX_WAITING = 10_000;

/** Exact: a visit that resolves with its own number is counted once. See docs/decisions/005 and 011. */
export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { page, store, clock, dayOf, writer, log, meter, elapsed, dailyWriteBudget: budget } = options;
  const time = createTimeLimit(options);
  const context = { ...options, sleep: time.sleep };
  const today = () => dayOf(clock.now().earliest);
  const waiting: WaitingVisit[] = [];
  let held = 0;
  let holdTimer: "off" | "running" | "over" = "off";
  /** The row as last read or written. */
  let lastRow: StoredTotal | undefined;
  /** The next batch reads the row first. */
  let isStale = true;
  let commits = 0;
  const pace = createPace(context);
  let notBefore = 0;
  const writtenDays = new Set<string>();
  let trippedDay = "";
  let isClosed = false;
  let running: Promise<void> | undefined;

  function remember(row: StoredTotal, stale: boolean) {
    lastRow = row;
    isStale = stale;
    const { day, dayWrites: writes } = row.total;
    if (day === trippedDay || !isOverBudget(row.total, { budget, today })) return;
    trippedDay = day;
    log.warn(alertLines.costBrakeTripped, { page, day, writes, budget });
    meter.measure("cost_brake_trips", 1, { page });
  }

  /** The row while the cost brake is on. */
  function brakedRow(): Total | undefined {
    if (isClosed || !lastRow || !isOverBudget(lastRow.total, { budget, today })) return undefined;
    return lastRow.total;
  }

  function startHoldTimer() {
    holdTimer = "running";
    options.later(options.holdMs, () => {
      holdTimer = held > 0 ? "over" : "off";
      void run();
    });
  }

  function hold() {
    held++;
    if (holdTimer === "off") startHoldTimer();
  }

  function holdWaiting() {
    const row = waiting.length > 0 && brakedRow();
    if (!row) return;
    for (const { resolve, visitor } of waiting.splice(0)) {
      hold();
      resolve(degradedVisit(row, visitor));
    }
  }

  const isDue = () => waiting.length > 0 || (held > 0 && holdTimer === "over");

  /** Commits what waits and what is held, in one batch. */
  async function commitNext() {
    holdWaiting();
    if (!isDue()) return;
    if (notBefore > elapsed()) await time.sleep(notBefore - elapsed());
    time.start(isClosed ? options.closingMs : options.windowMs);
    let [taken, takenHeld]: [WaitingVisit[], number] = [[], 0];
    try {
      // The row is old when visits were held, and a read that fails leaves them held.
      const before =
        lastRow && !isStale && held === 0
          ? lastRow
          : await pace.readInTurn(
              () => retryUntil(time.until, store.read, context),
              () => waiting.length > 1 && !isClosed,
            );
      remember(before, false);
      // The row that was just read may be over the budget.
      holdWaiting();
      if (!isDue()) return;
      [taken, takenHeld, held] = [waiting.splice(0), held, 0];
      if (holdTimer === "over") holdTimer = "off";
      const visits = taken.length + takenHeld;
      const frozenAt = clock.now().earliest;
      const visitors = taken.flatMap(({ visitor }) => visitor ?? []);
      const batch = { writer, commit: ++commits, visits, visitors, held: takenHeld, day: dayOf(frozenAt) };
      const { writeMs, ...row } = await commitBatch({ batch, frozenAt, row: before, writtenDays }, time.until, context);
      const others = rivals(row.total, writer, { now: clock.now(), ms: RIVAL_MS });
      // A rival makes the remembered ETag stale.
      remember(row, others > 0);
      const at = elapsed();
      notBefore = at + pace.pauseAfter({ total: row.total, at, others, visits, writeMs });
      meter.measure("visits", visits, { page });
      meter.measure("counter_batch_size", visits, { page });
      void writeClosedDays(row.total, writtenDays, options);
      const entry = row.total.writers[writer];
      if (!entry) throw new Error("The row that holds a batch has no entry of its writer");
      resolveVisits(taken, entry);
    } catch (cause) {
      isStale = true;
      // Those that arrived meanwhile are rejected too: each has waited for this batch already.
      for (const { reject } of [...taken, ...waiting.splice(0)])
        reject(unavailable("The visit could not be counted", cause));
      if (takenHeld > 0) log.warn("held-visits-dropped", { page, visits: takenHeld, error: cause });
      if (held > 0) log.warn("held-visits-not-committed", { page, visits: held, error: cause });
      if (held > 0 && holdTimer !== "running") startHoldTimer();
    }
  }

  async function commitAll() {
    do await commitNext();
    while (isDue());
    running = undefined;
  }

  function run(): Promise<void> {
    if (isDue()) running ??= commitAll();
    return running ?? Promise.resolve();
  }

  return {
    count(visitor) {
      const row = brakedRow();
      if (row) {
        hold();
        return Promise.resolve(degradedVisit(row, visitor));
      }
      if (waiting.length >= MAX_WAITING)
        return Promise.reject(busy(`More than ${MAX_WAITING} visits wait for the store`));
      return new Promise((resolve, reject) => {
        waiting.push({ visitor, resolve, reject });
        void run();
      });
    },
    close() {
      isClosed = true;
      if (held > 0) holdTimer = "over";
      time.shorten(options.closingMs);
      return run();
    },
  };
}
