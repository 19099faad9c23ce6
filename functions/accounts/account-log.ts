// What is logged when a request changes users or keys: ids and roles, never an e-mail address, password or token.
import type { Caller } from "../lib/access/permissions.ts";
import { isActiveOwner, type User } from "../lib/access/roster.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/meter.ts";
import { logSecurityEvent } from "../lib/security-event.ts";

type UserChange = {
  readonly action: "created" | "updated" | "reset" | "deleted" | "password-set";
  /** Undefined for a caller with a one-time token. */
  readonly by: Pick<Caller, "subject"> | undefined;
  readonly id: string;
  readonly before?: User | undefined;
  readonly after?: User | undefined;
  readonly isPasswordChanged?: boolean;
};

export type AccountLog = {
  /** A security event too when the user became an active owner, or is an owner who was reset. */
  userChanged(change: UserChange): void;
  keyCreated(change: { readonly key: string; readonly by: Pick<Caller, "subject"> }): void;
  /** A security event too. */
  keysRevoked(change: { readonly key: string; readonly by: Pick<Caller, "subject">; readonly disabled: number }): void;
};

const FIELDS = ["role", "tier", "state", "email"] as const;

export function createAccountLog({ log, meter }: { readonly log: Log; readonly meter: Meter }): AccountLog {
  return {
    userChanged({ action, by, id, before, after, isPasswordChanged = false }) {
      const changed: string[] = FIELDS.filter((name) => before && after && before[name] !== after[name]);
      if (isPasswordChanged) changed.push("password");
      const ids = { user: id, by: by?.subject ?? id };
      log.info("user-changed", { action, ...ids, changed, ...(after && { role: after.role, state: after.state }) });
      if (after && isActiveOwner(after) && !(before && isActiveOwner(before)))
        logSecurityEvent({ log, meter }, "owner-added", ids);
      if (action === "reset" && after?.role === "owner") logSecurityEvent({ log, meter }, "owner-reset", ids);
    },
    keyCreated({ key, by }) {
      log.info("signing-key-created", { key, by: by.subject });
    },
    keysRevoked({ key, by, disabled }) {
      log.info("signing-keys-disabled", { disabled, by: by.subject });
      logSecurityEvent({ log, meter }, "signing-keys-revoked", { key, by: by.subject });
    },
  };
}
