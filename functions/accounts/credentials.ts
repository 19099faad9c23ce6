// The password hash and the one-time token of each user: a row of its own in the table `users`.
import { isDeepStrictEqual } from "node:util";
import { AppError } from "../lib/errors.ts";
import type { Rows } from "./rows.ts";

export type Credentials = {
  /** PHC string. */
  readonly hash?: string;
  /** `hash` is the SHA-256 of the token in base64url; `expiresAt` in milliseconds since 1970 by the store's clock. */
  readonly oneTime?: { readonly hash: string; readonly expiresAt: number };
  /** Version of the secret `owner-password` that set the password. */
  readonly secretVersion?: string;
};

/** Calls reject with DEPENDENCY_UNAVAILABLE when the table fails. */
export type CredentialStore = {
  find(userId: string): Promise<{ readonly credentials: Credentials; readonly etag: string } | undefined>;
  /** Creates the row when there is no ETag, else replaces it. False when another writer changed it: read and decide again. */
  write(userId: string, credentials: Credentials, etag: string | undefined): Promise<boolean>;
  remove(userId: string): Promise<void>;
};

type Row = { hash?: string; oneTimeHash?: string; oneTimeExpiresAt?: Date; secretVersion?: string };

const keysOf = (userId: string) => ({ partitionKey: userId, rowKey: "credentials" });

const toRow = ({ hash, oneTime, secretVersion }: Credentials): Row => ({
  ...(hash !== undefined && { hash }),
  ...(oneTime && { oneTimeHash: oneTime.hash, oneTimeExpiresAt: new Date(oneTime.expiresAt) }),
  ...(secretVersion !== undefined && { secretVersion }),
});

const fromRow = ({ hash, oneTimeHash, oneTimeExpiresAt, secretVersion }: Row): Credentials => ({
  ...(hash !== undefined && { hash }),
  ...(oneTimeHash !== undefined &&
    oneTimeExpiresAt !== undefined && {
      oneTime: { hash: oneTimeHash, expiresAt: new Date(oneTimeExpiresAt).getTime() },
    }),
  ...(secretVersion !== undefined && { secretVersion }),
});

/** Calls for one write whose response is lost. */
const ATTEMPTS = 3;

export function createCredentialStore(rows: Rows): CredentialStore {
  async function find(userId: string) {
    const row = await rows.find<Row>(keysOf(userId));
    return row && { credentials: fromRow(row), etag: row.etag };
  }
  return {
    find,
    async write(userId, credentials, etag) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const outcome = await rows.write({ ...keysOf(userId), ...toRow(credentials) }, etag);
        if (outcome !== "unknown") {
          // After a lost response the row may have changed by this very write.
          if (outcome === "written") return true;
          return attempt > 0 && isDeepStrictEqual((await find(userId))?.credentials, credentials);
        }
      }
      return isDeepStrictEqual((await find(userId))?.credentials, credentials);
    },
    remove: (userId) => rows.remove(keysOf(userId)),
  };
}

const CHANGE_ATTEMPTS = 5;

/**
 * Stores what `decide` returns for the current credentials; it is called again when another writer changed them first.
 * @throws {AppError} DEPENDENCY_UNAVAILABLE, and whatever `decide` throws
 */
export async function changeCredentials(
  store: Pick<CredentialStore, "find" | "write">,
  userId: string,
  decide: (credentials: Credentials | undefined) => Promise<Credentials>,
): Promise<void> {
  for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) {
    const found = await store.find(userId);
    if (await store.write(userId, await decide(found?.credentials), found?.etag)) return;
  }
  const message = `The credentials were not written in ${CHANGE_ATTEMPTS} attempts`;
  throw new AppError("DEPENDENCY_UNAVAILABLE", message, { retryAfter: 5 });
}
