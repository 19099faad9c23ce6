// Checks e-mail address and password. A wrong password, an unknown user and a disabled user cost the same work and have
// the same result.
import { findByEmail, type User } from "../lib/access/roster.ts";
import { consoleLog, type Log } from "../lib/log.ts";
import type { CredentialStore } from "./credentials.ts";
import type { Passwords } from "./passwords.ts";
import type { Users } from "./users-table.ts";

export type SignedIn = {
  readonly user: User;
  /**
   * Whether the password is still the user's. The caller creates the session, then calls this, and removes the session if
   * it is false: a change of the password writes the credentials first and then ends the sessions that exist, so one of
   * the two sees the other.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE
   */
  isCurrent(): Promise<boolean>;
};

/**
 * Undefined if the user is not signed in. The reason is not returned, since it would reveal which accounts exist.
 * @throws {AppError} DEPENDENCY_UNAVAILABLE when the table fails, or passwords cannot be hashed now
 */
export type SignIn = (email: string, password: string) => Promise<SignedIn | undefined>;

type Options = {
  readonly users: Pick<Users, "read">;
  readonly credentials: Pick<CredentialStore, "find" | "write">;
  readonly passwords: Pick<Passwords, "verify">;
  readonly log?: Log;
};

/** Not the id of a user. Its credentials are read for an unknown e-mail address, since a read takes time too. */
const NO_USER = "none";

export function createSignIn({ users, credentials, passwords, log = consoleLog }: Options): SignIn {
  return async (email, password) => {
    const user = findByEmail(await users.read(), email);
    const stored = await credentials.find(user?.id ?? NO_USER);
    const hash = user?.state === "active" ? stored?.credentials.hash : undefined;
    const { isValid, upgraded } = await passwords.verify(password, hash);
    if (!user || !stored || !isValid) return undefined;
    if (upgraded !== undefined)
      await credentials
        .write(user.id, { ...stored.credentials, hash: upgraded }, stored.etag)
        .catch((error: unknown) => {
          log.warn("password-upgrade-failed", { error });
        });
    return {
      user,
      async isCurrent() {
        const now = (await credentials.find(user.id))?.credentials.hash;
        if (now === undefined || now === hash || now === upgraded) return now !== undefined;
        // Another sign-in may have upgraded the hash.
        return (await passwords.verify(password, now)).isValid;
      },
    };
  };
}
