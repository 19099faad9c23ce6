// The user-delegation key that signs links: kept in memory, refreshed in the background about daily.
import type { UserDelegationKey } from "@azure/storage-blob";
import { AppError } from "../errors.ts";
import type { BlobService } from "./blobs.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds since 1970. */
export type Validity = { readonly startsAt: number; readonly expiresAt: number };

export type DelegationKey = { readonly key: UserDelegationKey; readonly validity: Validity };

export type DelegationKeys = {
  /**
   * A key that is valid until after `end` (milliseconds since 1970).
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when the store returns no such key
   */
  covering(end: number): Promise<DelegationKey>;
};

type Options = {
  readonly service: BlobService;
  /** The longest time that a link is valid: a key that covers less from now is replaced. */
  readonly maxLinkMs: number;
  readonly now?: () => number;
};

/** A key lives at most seven days (https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key). */
const LIFETIME_MS = 7 * DAY - HOUR;
/** Tolerates clocks that differ: a key starts before now, and expires after every link that it signs. */
const START_SKEW_MS = 15 * MINUTE;
const EXPIRY_MARGIN_MS = 5 * MINUTE;
const CALL_MS = 10_000;
const REFRESH_PAUSE_MS = MINUTE;

/** The validity of a key that is requested now. */
export function validityFrom(now: number): Validity {
  return { startsAt: now - START_SKEW_MS, expiresAt: now + LIFETIME_MS };
}

/** Whether a key may sign a link that expires then. */
export function covers(key: Validity, linkExpiresAt: number): boolean {
  return linkExpiresAt <= key.expiresAt - EXPIRY_MARGIN_MS;
}

export function createDelegationKeys({ service, maxLinkMs, now = Date.now }: Options): DelegationKeys {
  let current: DelegationKey | undefined;
  let pending: Promise<DelegationKey> | undefined;
  let requestedAt = Number.NEGATIVE_INFINITY;

  async function request(): Promise<DelegationKey> {
    requestedAt = now();
    const { startsAt, expiresAt } = validityFrom(requestedAt);
    const { client } = await service();
    const key = await client
      .getUserDelegationKey(new Date(startsAt), new Date(expiresAt), { abortSignal: AbortSignal.timeout(CALL_MS) })
      .catch((cause: unknown) => {
        throw new AppError("DEPENDENCY_UNAVAILABLE", "No user-delegation key", { cause, retryAfter: 5 });
      });
    // The store may return another validity than was requested.
    const validity = { startsAt: key.signedStartsOn.getTime(), expiresAt: key.signedExpiresOn.getTime() };
    current = { key, validity };
    return current;
  }
  /** One request at a time; concurrent callers share its result. */
  function refresh(): Promise<DelegationKey> {
    pending ??= request().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  return {
    async covering(end) {
      if (current && covers(current.validity, end)) {
        const isAging = !covers(current.validity, now() + maxLinkMs);
        // The key still works, so refresh it in the background; after a failure at most once a minute.
        if (isAging && now() - requestedAt > REFRESH_PAUSE_MS) refresh().catch(() => undefined);
        return current;
      }
      const fresh = await refresh();
      // Signing anyway would create a link that stops working before its expiry.
      if (!covers(fresh.validity, end))
        throw new AppError("DEPENDENCY_UNAVAILABLE", "The user-delegation key expires too early", { retryAfter: 5 });
      return fresh;
    },
  };
}
