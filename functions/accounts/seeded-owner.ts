// The account `owner`: created with the first seed, and given the password of a secret once for each of its versions.
import { hasPermission } from "../lib/access/permissions.ts";
import { addUser, changeUser, emailSchema, OWNER_ID, type Roster, revokeTokens } from "../lib/access/roster.ts";
import { AppError } from "../lib/errors.ts";
import type { StoreClock } from "../lib/store-clock.ts";
import type { CredentialStore, Credentials } from "./credentials.ts";
import { isCommon, passwordSchema } from "./password-rules.ts";
import type { Passwords } from "./passwords.ts";
import type { Sessions } from "./sessions.ts";
import type { Users } from "./users-table.ts";

type Outcome = "created" | "exists" | "limited" | "absent";

/** @throws {AppError} of the table, from every call */
export type SeededOwner = {
  /**
   * Creates the account unless it exists. An existing one keeps its e-mail address, role and state. It is not created
   * again while the site has other users, who may have deleted it.
   * @param email as `checkEmail` returns it
   * @param isRestored whether to create it also while the site has other users
   * @returns with the e-mail address that the account has, or `email` when it is absent; `limited` for an existing account
   *   that is disabled or may not write images
   */
  create(email: string, isRestored: boolean): Promise<{ readonly outcome: Outcome; readonly email: string }>;
  /**
   * Sets the password to the value of the secret's current version, if no earlier call did so for this version. For a
   * newer version it also ends all sessions and access tokens, and sets this e-mail address, role owner and state active,
   * which a thief may have changed. What the owner changes since then stays.
   * @param email as `checkEmail` returns it
   * @throws {AppError} VALIDATION_FAILED for a password that breaks the rules; CONFLICT for an e-mail address in use
   */
  takePassword(
    email: string,
    readSecret: () => Promise<{ value: string; version: string }>,
  ): Promise<"set" | "restored" | "unchanged">;
  /** @throws {AppError} VALIDATION_FAILED */
  checkEmail(text: string): string;
  /** @throws {AppError} VALIDATION_FAILED naming the rule that the password breaks */
  checkPassword(password: string): Promise<string>;
};

type Options = {
  readonly users: Users;
  readonly credentials: CredentialStore;
  readonly passwords: Pick<Passwords, "hash">;
  readonly sessions: Pick<Sessions, "endAll">;
  readonly clock: Pick<StoreClock, "now">;
};

const ATTEMPTS = 5;

const invalid = (message: string) => new AppError("VALIDATION_FAILED", message);

function checkEmail(text: string): string {
  const { data, success } = emailSchema.safeParse(text);
  if (success) return data;
  throw invalid(`OWNER_EMAIL must be an e-mail address, received "${text}". Example: OWNER_EMAIL=ada@example.com`);
}

async function checkPassword(text: string): Promise<string> {
  const { data, error, success } = passwordSchema.safeParse(text);
  // Files and commands add line breaks, which no form can send.
  if (/[\r\n]/.test(text)) throw invalid("The owner's password must be one line: remove the line breaks.");
  if (!success) {
    const rule = error.issues.map(({ message }) => message).join(", ");
    throw invalid(`The owner's password ${rule}, received ${[...text].length}. Choose another.`);
  }
  if (await isCommon(data))
    throw invalid("The owner's password must not be a common one, nor one with digits around it. Choose another.");
  return data;
}

export function createSeededOwner({ users, credentials, passwords, sessions, clock }: Options): SeededOwner {
  const now = () => Math.ceil(clock.now().latest / 1000);

  function restore(roster: Roster, email: string): Roster {
    if (roster.some((user) => user.email === email && user.id !== OWNER_ID))
      throw new AppError("CONFLICT", `Another user has the e-mail address ${email}: set OWNER_EMAIL to another.`);
    const changes = { email, role: "owner", state: "active" } as const;
    return revokeTokens(changeUser(roster, OWNER_ID, { changes, now: now() }), OWNER_ID, now());
  }

  return {
    checkEmail,
    checkPassword,

    async create(email, isRestored) {
      let outcome: Outcome = "exists";
      const changed = await users.change((roster) => {
        // After a lost response the account of this very call exists.
        const existing = roster.find(({ id }) => id === OWNER_ID);
        if (existing) {
          outcome = existing.state === "active" && hasPermission(existing, "images:write") ? "exists" : "limited";
          return roster;
        }
        outcome = roster.length === 0 || isRestored ? "created" : "absent";
        if (outcome === "absent") return roster;
        return addUser(roster, {
          id: OWNER_ID,
          email,
          role: "owner",
          tier: "enterprise",
          state: "active",
          // Tokens of a deleted account stay invalid.
          validFrom: isRestored ? now() : 0,
          createdAt: clock.now().latest,
        });
      });
      return { outcome, email: changed.find(({ id }) => id === OWNER_ID)?.email ?? email };
    },

    async takePassword(email, readSecret) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        // The row first: the write below succeeds only if no other seed has taken a newer version since.
        const before = await credentials.find(OWNER_ID);
        const { value, version } = await readSecret();
        if (before?.credentials.secretVersion === version) return "unchanged";
        const hash = await passwords.hash(await checkPassword(value));
        const { secretVersion } = before?.credentials ?? {};
        const taken: Credentials = { hash, ...(secretVersion !== undefined && { secretVersion }) };
        if (!(await credentials.write(OWNER_ID, taken, before?.etag))) continue;
        if (before) {
          await sessions.endAll(OWNER_ID);
          // After the sessions, which could be exchanged for later tokens.
          await users.change((roster) => restore(roster, email));
        }
        // Last: a run that is killed before does everything again.
        const after = await credentials.find(OWNER_ID);
        if (after?.credentials.hash !== hash) continue;
        if (await credentials.write(OWNER_ID, { hash, secretVersion: version }, after.etag))
          return before ? "restored" : "set";
      }
      throw new AppError("DEPENDENCY_UNAVAILABLE", `The owner's password was not set in ${ATTEMPTS} attempts`);
    },
  };
}
