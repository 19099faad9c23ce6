// The timer that ends the day of pages without visits, so that its salt and its visitors are removed there too.
import { pagesOf, type TableClient } from "../lib/azure/tables.ts";
import type { Log } from "../lib/log.ts";
import { createStoreClock } from "../lib/store-clock.ts";
import { changeTotal } from "./change-total.ts";
import { writeClosedDays } from "./commit-batch.ts";
import { withDayOver } from "./total.ts";
import { createTotalStore, TOTAL } from "./total-store.ts";

type DayTurnDeps = {
  /** Without retries of the SDK. */
  readonly visitsTable: TableClient;
  /** Day of the site at a time. */
  readonly siteDay: (time: number) => string;
};

/** Milliseconds for one call. Without a limit, a stalled connection would hold the timer. */
const CALL_MS = 10_000;

/** @returns whether the day of the page was over. Throws a `StoreError`. */
async function turnDay(page: string, { visitsTable, siteDay }: DayTurnDeps, log: Log): Promise<boolean> {
  const clock = createStoreClock();
  const callSignal = () => AbortSignal.timeout(CALL_MS);
  const store = createTotalStore(visitsTable, { page, observe: clock.observe, callSignal });
  // By the time of the read, as a commit decides it.
  const result = await changeTotal(store, ({ total }) => withDayOver(total, siteDay(clock.now().earliest)));
  // The writer that changes the row that often turns its day too.
  if (result === "conflict" || !result.written) return false;
  await writeClosedDays(result.written, new Set(), { page, store, log });
  return true;
}

/**
 * Every page of the table, also those that are no longer counted. A day whose own row cannot be written stays in the row
 * `total`, and the page's next commit writes it.
 * @param runMs milliseconds after which no further page is started; the next run takes the rest
 */
export async function turnDays(deps: DayTurnDeps, { log, runMs }: { log: Log; runMs: number }): Promise<void> {
  const startedAt = performance.now();
  const query = { filter: `RowKey eq '${TOTAL}'`, select: ["PartitionKey", "dayCount"] };
  let turned = 0;
  for await (const rows of pagesOf<{ dayCount: bigint }>(deps.visitsTable, query, CALL_MS)) {
    for (const { partitionKey: page = "", dayCount } of rows) {
      if (performance.now() - startedAt >= runMs) break;
      if (dayCount === 0n) continue;
      const isTurned = await turnDay(page, deps, log).catch((error: unknown) => {
        log.warn("day-not-turned", { page, error });
        return false;
      });
      if (isTurned) turned += 1;
    }
  }
  log.info("days-turned", { turned });
}
