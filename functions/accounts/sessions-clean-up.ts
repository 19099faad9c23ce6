// The timer that deletes expired and revoked sessions.
import type { Log } from "../lib/log.ts";
import type { StoreClock } from "../lib/store-clock.ts";
import type { SessionRows } from "./session-rows.ts";

/** More than the clocks of instances differ: another instance may still accept a session that has expired for this one. */
const MARGIN_MS = 5 * 60_000;

type CleanUpDeps = { readonly sessionRows: Pick<SessionRows, "over" | "remove">; readonly accountsClock: StoreClock };

/**
 * Deletes each session under the ETag that was listed, so that one that was used meanwhile survives.
 * @param runMs milliseconds after which no further page is started; the next run takes the rest
 */
export async function cleanUpSessions(
  { sessionRows, accountsClock }: CleanUpDeps,
  { log, runMs }: { log: Log; runMs: number },
): Promise<void> {
  const startedAt = performance.now();
  let removed = 0;
  for await (const page of sessionRows.over(accountsClock.now().earliest - MARGIN_MS)) {
    const results = page.map(({ family, etag }) => sessionRows.remove(family.userId, family.familyId, etag));
    removed += (await Promise.all(results)).filter(Boolean).length;
    if (performance.now() - startedAt >= runMs) break;
  }
  log.info("sessions-cleaned-up", { removed });
}
