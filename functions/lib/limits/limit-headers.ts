// RateLimit and RateLimit-Policy, as draft-ietf-httpapi-ratelimit-headers-11 has them: lists of structured fields. Pure.

export type Policy = {
  /** Letters, digits and hyphens. */
  readonly name: string;
  /** Requests in one window. */
  readonly quota: number;
  /** Of one window. */
  readonly seconds: number;
};

/** What is left of a policy's quota, and in how many whole seconds it is whole again. */
export type Left = { readonly name: string; readonly remaining: number; readonly resetSeconds: number };

/** RFC 9651: members of a list are joined by commas, a string is quoted, parameters follow behind semicolons. */
const listOf = (members: readonly string[]) => members.join(", ");

/** @param left of those policies that were asked: one that refuses keeps the next from being counted */
export function limitHeaders(policies: readonly Policy[], left: readonly Left[]): Readonly<Record<string, string>> {
  if (policies.length === 0) return {};
  return {
    "RateLimit-Policy": listOf(policies.map(({ name, quota, seconds }) => `"${name}";q=${quota};w=${seconds}`)),
    RateLimit: listOf(left.map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)),
  };
}
