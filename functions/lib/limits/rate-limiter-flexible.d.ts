// Types of the parts of rate-limiter-flexible that its index leaves out: the base class it asks new stores to extend.
// One at a time, since the index brings twenty stores into the bundle.

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
      /** Counted points from which a key is refused in memory, without the store, until its window ends. */
      inMemoryBlockOnConsumed: number;
      /** Asked instead when the store fails. */
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
