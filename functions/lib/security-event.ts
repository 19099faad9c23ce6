// Events that may mean an attack or need the owner. An alert counts their log lines.
import type { Log } from "./log.ts";

export type SecurityEvent = "refresh-token-reused" | "signing-key-overdue";

/** @param fields ids only: never a token, password, key or e-mail address */
export function logSecurityEvent(log: Log, event: SecurityEvent, fields: Readonly<Record<string, string>>): void {
  log.warn("security-event", { event, ...fields });
}
