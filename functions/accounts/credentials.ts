// The password hash and the one-time token of each user: a row of its own in the table `users`.
import { isDeepStrictEqual } from "node:util";
import type { Rows } from "./rows.ts";
import { createSettle, type Timing } from "./settle.ts";

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
  /**
   * Creates the row when there is no ETag, else replaces it. Sent once. False when another writer changed it, or no
   * response came: read and decide again.
   */
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

export function createCredentialStore(rows: Rows): CredentialStore {
  async function find(userId: string) {
    const row = await rows.find<Row>(keysOf(userId));
    return row && { credentials: fromRow(row), etag: row.etag };
  }
  return {
    find,
    async write(userId, credentials, etag) {
      if ((await rows.write({ ...keysOf(userId), ...toRow(credentials) }, etag)) === "written") return true;
      // Its response may have been lost, and every credentials have a random part.
      return isDeepStrictEqual((await find(userId))?.credentials, credentials);
    },
    remove: (userId) => rows.remove(keysOf(userId)),
  };
}

/**
 * Stores what `decide` returns for the current credentials; it is called again when another writer changed them first.
 * @throws {AppError} DEPENDENCY_UNAVAILABLE, and whatever `decide` throws
 */
export function changeCredentials(
  store: Pick<CredentialStore, "find" | "write">,
  userId: string,
  decide: (credentials: Credentials | undefined) => Promise<Credentials>,
  timing?: Timing,
): Promise<void> {
  return createSettle(
    "users",
    timing,
  )(async () => {
    const found = await store.find(userId);
    const isWritten = await store.write(userId, await decide(found?.credentials), found?.etag);
    return isWritten ? undefined : "again";
  });
}
