// One-time tokens, with which a user sets a password: created for a new user and by a reset, valid for an hour.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { StoreTime } from "../lib/store-clock.ts";
import type { Credentials } from "./credentials.ts";

const LIFETIME_MS = 60 * 60_000;
const SECRET_BYTES = 32;
/** The user's id and the secret in base64url. */
export const ONE_TIME_TOKEN = /^(owner|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/;

type OneTime = NonNullable<Credentials["oneTime"]>;

const hashOf = (token: string) => createHash("sha256").update(token).digest();

/** @returns the token, which is shown once, and what is stored of it */
export function createOneTimeToken(userId: string, now: StoreTime): { token: string; oneTime: OneTime } {
  const token = `${userId}.${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return { token, oneTime: { hash: hashOf(token).toString("base64url"), expiresAt: now.latest + LIFETIME_MS } };
}

/** The user whom the token names; nothing is verified. */
export const userOfToken = (token: string): string => ONE_TIME_TOKEN.exec(token)?.[1] ?? "";

/** Whether it is the stored token, and has not expired. */
export function isOneTimeToken(token: string, stored: OneTime | undefined, now: StoreTime): boolean {
  const expected = Buffer.alloc(32);
  Buffer.from(stored?.hash ?? "", "base64url").copy(expected);
  return timingSafeEqual(hashOf(token), expected) && stored !== undefined && now.latest < stored.expiresAt;
}
