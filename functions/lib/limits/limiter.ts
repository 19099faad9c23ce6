// The rate limits: which quota each class has, and which subject it counts.
import { createHash } from "node:crypto";
import type { RateLimiterAbstract } from "rate-limiter-flexible";
import RateLimiterMemory from "rate-limiter-flexible/lib/RateLimiterMemory.js";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import type { TableClient } from "../azure/tables.ts";
import type { Log } from "../log.ts";
import { TableLimiter } from "./limits-table.ts";

/** `secret` and `keys` are exact across all instances; the others count per instance. */
export type LimitClass = "none" | "default" | "visits" | "uploads" | "secret" | "keys";

export type LimitSubject = {
  /** As `clientAddress` returns it. Called only where the address counts, since it may read the body. */
  readonly address: () => Promise<string>;
  /** Subject of a verified token. */
  readonly caller?: string;
  /** On routes of class `secret`: the account to sign in to, known once the body is read, in any spelling. */
  readonly account?: string;
  /** What the request costs; above 1 only in classes that count per instance. @default 1 */
  readonly units?: number;
};

export type LimitResult = {
  /** RateLimit and RateLimit-Policy. */
  readonly headers: Readonly<Record<string, string>>;
  /** Set when a quota is used up; `retryAfter` in seconds. */
  readonly rejection?: { readonly message: string; readonly retryAfter: number };
};

/** One key for all spellings of a name, and of one length: the keys of a minute stay in memory. */
export const accountKey = (account: string): string =>
  createHash("sha256").update(account.normalize("NFC").trim().toLowerCase()).digest("base64url");

/** Counts one request; one that is rejected because of its units costs nothing. Rejects only if `address` does: without its store a limit counts for this instance alone. */
export type Limits = {
  consume(limit: Exclude<LimitClass, "none">, subject: LimitSubject): Promise<LimitResult>;
};

export const unlimited: Limits = { consume: async () => ({ headers: {} }) };

/** Requests in one window. */
export type Quotas = Readonly<Record<"authenticated" | "anonymous" | "visits" | "uploads" | "secret" | "keys", number>>;

type Options = {
  readonly quotas: Quotas;
  /** Called when a shared limit first needs it. */
  readonly table: () => TableClient;
  readonly log: Log;
  /** Length of one window. @default 60 */
  readonly seconds?: number;
  /** Milliseconds to wait for the store before it counts as unavailable. @default 1000 */
  readonly timeoutMs?: number;
};

/** One quota, and the words by which messages name its subject. */
type Policy = {
  /** Letters, digits and hyphens. */
  readonly name: string;
  readonly quota: number;
  readonly source: string;
  readonly limiter: RateLimiterAbstract;
};

/**
 * One address may try one account `secret` times; all addresses together may try it this many times as often, and one
 * address may try all accounts this many times as often. So one address cannot lock the owner out of other addresses.
 */
const ACCOUNT_FACTOR = 5;
const ADDRESS_FACTOR = 3;

const LOG_INTERVAL_MS = 60_000;

export function createLimits({ quotas, table, log, seconds = 60, timeoutMs = 1_000 }: Options): Limits {
  let nextLogAt = 0;
  function onStoreError(error: unknown): void {
    if (Date.now() < nextLogAt) return;
    nextLogAt = Date.now() + LOG_INTERVAL_MS;
    log.warn("limits-store-down", { error });
  }
  // Entries expire with their window: at most about 450 bytes for each request of the last minute.
  const inMemory = (quota: number) => new RateLimiterMemory({ points: quota, duration: seconds, keyPrefix: "" });
  function perInstance(name: string, quota: number, source: string): Policy {
    return { name, quota, source, limiter: inMemory(quota) };
  }
  function shared(name: string, quota: number, source: string): Policy {
    const fallback = inMemory(quota);
    const limiter = new TableLimiter({ name, table, points: quota, seconds, timeoutMs, fallback, onStoreError });
    return { name, quota, source, limiter };
  }

  const authenticated = perInstance("default", quotas.authenticated, "from you");
  const anonymous = perInstance("default", quotas.anonymous, "from your address");
  const visits = perInstance("visits", quotas.visits, "from your address");
  const uploads = perInstance("uploads", quotas.uploads, "from you");
  const keys = shared("keys", quotas.keys, "from you");
  const secretByAddress = shared("secret-address", quotas.secret * ADDRESS_FACTOR, "from your address");
  const secret = shared("secret", quotas.secret, "for this account from your address");
  const secretByAccount = shared("secret-account", quotas.secret * ACCOUNT_FACTOR, "for this account");

  /** Policies with the keys that they count, in order: a policy that rejects keeps later ones from counting. */
  async function policiesFor(
    limit: Exclude<LimitClass, "none">,
    { address, caller, account }: LimitSubject,
  ): Promise<readonly (readonly [Policy, key: object])[]> {
    const client = caller === undefined ? { address: await address() } : { caller };
    switch (limit) {
      case "default":
        return [[caller === undefined ? anonymous : authenticated, client]];
      case "visits":
        return [[visits, client]];
      case "uploads":
        return [[uploads, client]];
      case "keys":
        return [[keys, client]];
      case "secret":
        // The address counts before the body is read; the account once it is known.
        if (account === undefined)
          return [[caller === undefined ? secretByAddress : { ...secretByAddress, source: "from you" }, client]];
        return [
          [secret, { ...client, account: accountKey(account) }],
          [secretByAccount, { account: accountKey(account) }],
        ];
    }
  }

  return {
    async consume(limit, subject) {
      const policies = await policiesFor(limit, subject);
      const remaining: string[] = [];
      let rejection: LimitResult["rejection"];
      const { units = 1 } = subject;
      for (const [{ limiter, name, quota, source }, key] of policies) {
        const { isRejected, points, resetSeconds } = await count(limiter, key, units);
        remaining.push(`"${name}";r=${points};t=${resetSeconds}`);
        if (!isRejected) continue;
        const rule = `More than ${quota} requests in ${seconds} seconds ${source}`;
        const message =
          units > 1
            ? `${rule}: this one costs ${units} more, and ${points} are left. Send fewer items, or try again in ${resetSeconds} s.`
            : `${rule}: try again in ${resetSeconds} s.`;
        rejection = { message, retryAfter: resetSeconds };
        break;
      }
      // Lists of structured fields (RFC 9651), as in draft-ietf-httpapi-ratelimit-headers-11.
      const headers = {
        "RateLimit-Policy": policies.map(([{ name, quota }]) => `"${name}";q=${quota};w=${seconds}`).join(", "),
        RateLimit: remaining.join(", "),
      };
      return { headers, ...(rejection && { rejection }) };
    },
  };
}

/** A limiter rejects with a RateLimiterRes when the quota is used up; store errors go to its insurance limiter. */
async function count(limiter: RateLimiterAbstract, subject: object, units: number) {
  let isRejected = false;
  const key = JSON.stringify(subject);
  const { remainingPoints, msBeforeNext } = await limiter.consume(key, units).catch((thrown: unknown) => {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    isRejected = true;
    return units > 1 ? limiter.reward(key, units) : thrown;
  });
  return { isRejected, points: remainingPoints, resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) };
}
