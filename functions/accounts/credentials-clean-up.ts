// The timer that deletes credentials without a user, as an interrupted creation or a reset during a deletion leaves them.
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import { pagesOf, type TableClient } from "../lib/azure/tables.ts";
import type { Log } from "../lib/log.ts";
import type { StoreClock } from "../lib/store-clock.ts";
import type { Users } from "./users-table.ts";

/** A creation writes the credentials first and the roster within seconds; no read of the roster is as stale as this. */
const LEAST_AGE_MS = 60 * 60_000;
/** For a page or a delete. */
const CALL_MS = 10_000;

type CleanUpDeps = {
  readonly usersTable: TableClient;
  readonly users: Pick<Users, "read">;
  readonly accountsClock: Pick<StoreClock, "now">;
};

/**
 * Deletes each row under the ETag that was listed, so that one that was written meanwhile survives. Without any user it
 * deletes nothing: the roster is missing then.
 * @param runMs milliseconds after which no further page is started; the next run takes the rest
 */
export async function cleanUpCredentials(
  { usersTable: table, users, accountsClock }: CleanUpDeps,
  { log, runMs }: { log: Log; runMs: number },
): Promise<void> {
  const startedAt = performance.now();
  const { earliest } = accountsClock.now();
  const queryOptions = { filter: "RowKey eq 'credentials'", select: ["PartitionKey", "RowKey", "Timestamp"] };
  let removed = 0;

  async function remove(userId: string, etag: string): Promise<void> {
    try {
      await table.deleteEntity(userId, "credentials", { etag, abortSignal: AbortSignal.timeout(CALL_MS) });
      removed += 1;
    } catch (cause) {
      const status = statusOfSdkError(cause);
      if (status !== 404 && status !== 412) throw cause;
    }
  }

  for await (const page of pagesOf<object>(table, queryOptions, CALL_MS)) {
    // After the page, so that the roster has every user whose row is in it.
    const ids = new Set((await users.read()).map(({ id }) => id));
    if (ids.size === 0) break;
    const strays = page.filter(
      ({ partitionKey = "", timestamp = "" }) =>
        !ids.has(partitionKey) && earliest - Date.parse(timestamp) > LEAST_AGE_MS,
    );
    await Promise.all(strays.map(({ partitionKey = "", etag = "" }) => remove(partitionKey, etag)));
    if (performance.now() - startedAt >= runMs) break;
  }
  log.info("credentials-cleaned-up", { removed });
}
