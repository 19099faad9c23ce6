// The user-delegation keys that sign links: one for each UTC day, kept in memory.
import type { UserDelegationKey } from "@azure/storage-blob";
import { AppError } from "../errors.ts";
import type { BlobService } from "./blob-service.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Milliseconds since 1970. */
export type Validity = { readonly startsAt: number; readonly expiresAt: number };

export type DelegationKey = { readonly key: UserDelegationKey; readonly validity: Validity };

export type DelegationKeys = {
  /**
   * A key that is valid until `end`, preferably without waiting for the store. With `windowStart` it is the same key for
   * every instance, unless the store returns none and another one covers `end`. All times in milliseconds since 1970.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when the store returns no such key
   */
  covering(end: number, windowStart?: number): Promise<DelegationKey>;
};

type Options = { readonly service: BlobService; readonly now?: () => number };

/**
 * The store accepts an end of at most seven days from now.
 * https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key
 */
const LIFETIME_MS = 7 * DAY;
/** Clocks differ: for the store, the day of a key may begin later, and its end be too far away. */
const CLOCK_SKEW_MS = 15 * MINUTE;
const CALL_MS = 10_000;
const PAUSE_MS = MINUTE;
/** A link of a day-long window is signed with yesterday's key, all others with today's. One more while a day begins. */
const KEPT_KEYS = 3;

/** What is requested for the key of a day. Times of whole days, so that all instances request the same key. */
export const validityOf = (day: number): Validity => ({ startsAt: day, expiresAt: day + LIFETIME_MS });

/** Whether a key may sign a link that expires then. The store compares both ends with one clock. */
export function covers(key: Validity, linkExpiresAt: number): boolean {
  return linkExpiresAt <= key.expiresAt;
}

const startOfDay = (at: number) => Math.floor(at / DAY) * DAY;

/** The UTC day of the key for a link, as its first millisecond: yesterday's just after midnight, unless it ends too early. */
export function dayOfKey(at: number, end: number): number {
  const earlier = startOfDay(at - CLOCK_SKEW_MS);
  return covers(validityOf(earlier), end) ? earlier : startOfDay(at);
}

export function createDelegationKeys({ service, now = Date.now }: Options): DelegationKeys {
  /** By day, the newest first. */
  let keys: ReadonlyMap<number, DelegationKey> = new Map();
  const pending = new Map<number, Promise<DelegationKey>>();
  let failedAt = Number.NEGATIVE_INFINITY;

  async function request(day: number): Promise<DelegationKey> {
    const requestedAt = now();
    const { startsAt, expiresAt } = validityOf(day);
    const { client } = await service();
    const key = await client
      .getUserDelegationKey(new Date(startsAt), new Date(expiresAt), { abortSignal: AbortSignal.timeout(CALL_MS) })
      .catch((cause: unknown) => {
        failedAt = requestedAt;
        throw new AppError("DEPENDENCY_UNAVAILABLE", "No user-delegation key", { cause, retryAfter: 5 });
      });
    // The store may return another validity than was requested.
    const validity = { startsAt: key.signedStartsOn.getTime(), expiresAt: key.signedExpiresOn.getTime() };
    const entries = [...keys].filter(([other]) => other !== day);
    entries.push([day, { key, validity }]);
    keys = new Map(entries.toSorted(([one], [other]) => other - one).slice(0, KEPT_KEYS));
    return { key, validity };
  }
  /** One request at a time for each day; concurrent callers share its result. */
  function refresh(day: number): Promise<DelegationKey> {
    const current = pending.get(day) ?? request(day).finally(() => pending.delete(day));
    pending.set(day, current);
    return current;
  }

  return {
    async covering(end, windowStart) {
      const day = dayOfKey(windowStart ?? now(), end);
      const exact = keys.get(day);
      if (exact && covers(exact.validity, end)) return exact;
      const other = [...keys.values()].find(({ validity }) => covers(validity, end));
      // After a failure at most once a minute, as long as there is another key.
      if (other && !pending.has(day) && now() - failedAt <= PAUSE_MS) return other;
      const requested = refresh(day);
      if (other && windowStart === undefined) {
        requested.catch(() => undefined);
        return other;
      }
      const fresh = await (other ? requested.catch(() => other) : requested);
      // Signing anyway would create a link that stops working before its expiry.
      if (!covers(fresh.validity, end))
        throw new AppError("DEPENDENCY_UNAVAILABLE", "The user-delegation key expires too early", { retryAfter: 5 });
      return fresh;
    },
  };
}
