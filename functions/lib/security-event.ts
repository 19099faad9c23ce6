// Events that may mean an attack or need the owner. An alert counts their log lines and their metric.
import type { Log } from "./log.ts";
import type { Meter } from "./meter.ts";
import { alertLines } from "./names.ts";

export type SecurityEvent =
  | "refresh-token-reused"
  | "signing-key-overdue"
  | "signing-keys-revoked"
  | "owner-added"
  | "owner-reset";

/**
 * Logs the event, and counts it: in a flood of requests the host samples log lines away, and it does not sample metrics.
 * @param fields ids only: never a token, password, key or e-mail address
 */
export function logSecurityEvent(
  { log, meter }: { readonly log: Log; readonly meter: Meter },
  event: SecurityEvent,
  fields: Readonly<Record<string, string>>,
): void {
  log.warn(alertLines.securityEvent, { event, ...fields });
  meter.measure("security_events", 1, { event });
}
