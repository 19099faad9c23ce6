// Who is counted as whom, and how often each may ask: the rules of every limit class.
import type { RateLimiterAbstract } from "rate-limiter-flexible";
import RateLimiterMemory from "rate-limiter-flexible/lib/RateLimiterMemory.js";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import type { TableClient } from "../azure/tables.ts";
import type { Asker, Limits, Ruling } from "../http/limits.ts";
import type { Log } from "../log.ts";
import { type Left, limitHeaders, type Policy } from "./limit-headers.ts";
import { TableLimiter } from "./limits-table.ts";

export type Quotas = Readonly<Record<"authenticated" | "anonymous" | "visits" | "uploads" | "secret" | "keys", number>>;

type Options = {
  /** Requests in one window. */
  readonly quotas: Quotas;
  /** Asked for when a shared limit is first needed. */
  readonly table: () => TableClient;
  readonly log: Log;
  /** Of one window; a minute unless a test cannot wait. */
  readonly seconds?: number;
  /** Milliseconds after which a store that does not answer counts as down. */
  readonly patienceMs?: number;
};

type Limited = Parameters<Limits["spend"]>[0];
type Rule = Policy & { readonly limiter: RateLimiterAbstract /** Whose requests it counts. */; readonly of: string };

/**
 * An account's secret may be tried `secret` times from one address; from all addresses together this many times as
 * often, and one address may try this many times as often on all accounts. So whoever uses up the tries of an account
 * at one address leaves its owner those at another.
 */
const ACCOUNT_FACTOR = 5;
const ADDRESS_FACTOR = 3;

const DOWN_LINE_MS = 60_000;

export function createLimits({ quotas, table, log, seconds = 60, patienceMs = 1_000 }: Options): Limits {
  let quietUntil = 0;
  function onFailure(error: unknown): void {
    if (Date.now() < quietUntil) return;
    quietUntil = Date.now() + DOWN_LINE_MS;
    log.warn("limits-store-down", { error });
  }
  // What it holds of a key goes when the key's window ends: about 450 bytes for each request of the last minute at most.
  const inMemory = (quota: number) => new RateLimiterMemory({ points: quota, duration: seconds, keyPrefix: "" });
  function perInstance(name: string, quota: number, of: string): Rule {
    return { name, quota, seconds, of, limiter: inMemory(quota) };
  }
  function shared(name: string, quota: number, of: string): Rule {
    const insurance = inMemory(quota);
    const limiter = new TableLimiter({ name, table, points: quota, seconds, patienceMs, insurance, onFailure });
    return { name, quota, seconds, of, limiter };
  }

  const authenticated = perInstance("default", quotas.authenticated, "from you");
  const anonymous = perInstance("default", quotas.anonymous, "from your address");
  const visits = perInstance("visits", quotas.visits, "from your address");
  const uploads = perInstance("uploads", quotas.uploads, "from you");
  const keys = shared("keys", quotas.keys, "from you");
  const secretOfAddress = shared("secret-address", quotas.secret * ADDRESS_FACTOR, "from your address");
  const secret = shared("secret", quotas.secret, "for this account from your address");
  const secretOfAccount = shared("secret-account", quotas.secret * ACCOUNT_FACTOR, "for this account");

  type Asked = readonly (readonly [Rule, key: object])[];
  /** In the order in which they are asked: what one refuses, the next does not count. */
  async function rulesFor(limit: Limited, { address, caller, account }: Asker): Promise<Asked> {
    const who = caller === undefined ? { address: await address() } : { caller };
    switch (limit) {
      case "default":
        return [[caller === undefined ? anonymous : authenticated, who]];
      case "visits":
        return [[visits, who]];
      case "uploads":
        return [[uploads, who]];
      case "keys":
        return [[keys, who]];
      case "secret":
        // The address alone before the body is read; then, when the account is known, the rest.
        if (account === undefined) return [[secretOfAddress, who]];
        return [
          [secret, { ...who, account }],
          [secretOfAccount, { account }],
        ];
    }
  }

  return {
    async spend(limit, asker) {
      const rules = await rulesFor(limit, asker);
      const left: Left[] = [];
      let refused: Ruling["refused"];
      for (const [rule, key] of rules) {
        const { remaining, resetSeconds, isRefused } = await count(rule, key);
        left.push({ name: rule.name, remaining, resetSeconds });
        if (!isRefused) continue;
        refused = {
          rule: `More than ${rule.quota} requests in ${seconds} seconds came ${rule.of}: try again in ${resetSeconds} s.`,
          retryAfter: resetSeconds,
        };
        break;
      }
      const policies = rules.map(([rule]) => rule);
      return { headers: limitHeaders(policies, left), ...(refused && { refused }) };
    },
  };
}

/** A limiter rejects with what it resolves with otherwise; that a store fails is its insurance's affair. */
async function count({ limiter }: Rule, key: object) {
  let isRefused = false;
  const { remainingPoints, msBeforeNext } = await limiter.consume(JSON.stringify(key)).catch((thrown: unknown) => {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    isRefused = true;
    return thrown;
  });
  return { isRefused, remaining: remainingPoints, resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) };
}
