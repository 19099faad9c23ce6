// The format of refresh tokens: who they belong to, a secret, and a tag that proves that the server issued them. Pure.
import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

export type RefreshToken = {
  readonly userId: string;
  readonly familyId: string;
  /** 32 bytes. */
  readonly secret: Buffer;
  /** 16 bytes. */
  readonly tag: Buffer;
};

const VERSION = "vitae-refresh-1";
/** Bytes of a secret, of a family's key and of a salt. */
export const SECRET_BYTES = 32;
const TAG_BYTES = 16;

/** `owner` or a UUID, a UUID, then base64url of 32 and of 16 bytes. */
const FORMAT = /^(owner|[0-9a-f-]{36})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})\.([\w-]{22})$/;
/** Characters of the longest token. */
export const MAX_TOKEN_LENGTH = 36 + 1 + 36 + 1 + 43 + 1 + 22;

type Parts = Omit<RefreshToken, "tag">;

const textOf = ({ userId, familyId, secret }: Parts) => `${userId}.${familyId}.${secret.toString("base64url")}`;

function tagOf(key: Buffer, parts: Parts): Buffer {
  return createHmac("sha256", key)
    .update(`${VERSION}.${textOf(parts)}`)
    .digest()
    .subarray(0, TAG_BYTES);
}

export function formatRefreshToken(key: Buffer, parts: Parts): string {
  return `${textOf(parts)}.${tagOf(key, parts).toString("base64url")}`;
}

/** Undefined for any text that is not exactly what `formatRefreshToken` returns for some key. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  if (text.length > MAX_TOKEN_LENGTH) return undefined;
  const [, userId, familyId, secretText, tagText] = FORMAT.exec(text) ?? [];
  if (!userId || !familyId || !secretText || !tagText) return undefined;
  const secret = Buffer.from(secretText, "base64url");
  const tag = Buffer.from(tagText, "base64url");
  // The last character of base64url has unused bits, which must be zero: a token has one spelling only.
  if (secret.toString("base64url") !== secretText || tag.toString("base64url") !== tagText) return undefined;
  return { userId, familyId, secret, tag };
}

/** Whether the server issued the token, however long ago. */
export function isGenuine(token: RefreshToken, key: Buffer): boolean {
  return timingSafeEqual(token.tag, tagOf(key, token));
}

export const hashOf = (secret: Buffer): Buffer => createHash("sha256").update(secret).digest();

export const isSameHash = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

/**
 * The secret that follows a retired one (HKDF, RFC 5869). The same for every caller that presents the retired secret, and
 * unknown to a reader of the table, who has the salt only.
 */
export function successorOf(secret: Buffer, salt: Buffer, familyId: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, `${VERSION} ${familyId}`, SECRET_BYTES));
}
