// How often a route may be called: the classes that routes name, and what a limiter answers.

/** `secret` and `keys` are exact across all instances; the others count in each one alone. */
export const limitClasses = ["none", "default", "visits", "uploads", "secret", "keys"] as const;
export type LimitClass = (typeof limitClasses)[number];

export type Asker = {
  /** As `addressOf` gives it. Asked only where it counts: finding out may mean looking at the body. */
  readonly address: () => Promise<string>;
  /** Subject of a verified token. */
  readonly caller?: string;
  /** The account whose secret is tried, on routes of class `secret`: known only once the body has been read. */
  readonly account?: string;
};

export type Ruling = {
  /** RateLimit and RateLimit-Policy. */
  readonly headers: Readonly<Record<string, string>>;
  readonly refused?: { readonly rule: string; readonly retryAfter: number };
};

/** Counts one request. Rejects only where `address` does: without its store it counts for this instance alone. */
export type Limits = { spend(limit: Exclude<LimitClass, "none">, asker: Asker): Promise<Ruling> };

const free: Ruling = { headers: {} };
export const unlimited: Limits = { spend: async () => free };
