// Types of modules of rate-limiter-flexible. Its index omits the base class of stores, and would add twenty stores to
// the bundle.

declare module "rate-limiter-flexible/lib/RateLimiterMemory.js" {
  export { RateLimiterMemory as default } from "rate-limiter-flexible";
}

declare module "rate-limiter-flexible/lib/RateLimiterRes.js" {
  export { RateLimiterRes as default } from "rate-limiter-flexible";
}

declare module "rate-limiter-flexible/lib/RateLimiterStoreAbstract.js" {
  import { RateLimiterAbstract, type RateLimiterRes } from "rate-limiter-flexible";

  type Options = { readonly signal: AbortSignal };

  export default abstract class RateLimiterStoreAbstract<Stored> extends RateLimiterAbstract {
    constructor(options: {
      points: number;
      /** Seconds. */
      duration: number;
      keyPrefix: string;
      /** Points at which a key is rejected in memory, without a call to the store, until its window ends. */
      inMemoryBlockOnConsumed: number;
      /** Counts when the store fails. */
      insuranceLimiter: RateLimiterAbstract;
    });
    /** Rejects with a RateLimiterRes when the key is used up, with an error when the store fails. */
    protected _consume(key: string, points: number, options: Options): Promise<RateLimiterRes>;
    protected abstract _upsert(
      key: string,
      points: number,
      durationMs: number,
      forceExpire: boolean,
      options: Options,
    ): Promise<Stored>;
    protected abstract _getRateLimiterRes(key: string, points: number, stored: Stored): RateLimiterRes;
  }
}
