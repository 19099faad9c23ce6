// Whom a request comes from, as far as the platform vouches for it. Pure.

/** The platform appends the peer to X-Forwarded-For; whatever stands before it was sent by the caller. */
export function addressOf(forwardedFor: string | null | undefined): string {
  return forwardedFor?.split(",").at(-1)?.trim() || "unknown";
}
