// Creates, in this order, the counter's rows, the secrets and the owner's account, and reports each of them.
import { randomBytes } from "node:crypto";
import type { Deps } from "../functions/deps.ts";
import { secrets } from "../functions/lib/names.ts";

export type SeedOptions = {
  readonly deps: Pick<Deps, "visits" | "vault" | "generateSigningKey" | "seededOwner">;
  readonly pages: readonly string[];
  /** The least count of a page. */
  readonly startAt: number;
  readonly ownerEmail: string;
  /** For the secret when there is none; otherwise a random one. Never printed. */
  readonly ownerPassword: string | undefined;
  /** Whether to create the owner's account again while the site has other users. */
  readonly isOwnerRestored: boolean;
  /** Whether to report the owner's e-mail address when it differs from `ownerEmail`. Not in a log that others read. */
  readonly isAddressShown?: boolean;
};

const accountLines = {
  created: "created",
  exists: "already exists",
  limited: "already exists, and is disabled or may not write images",
  absent: "not created, because the site has other users. To create it: npm run seed -- --restore-owner",
};
const passwordLines = {
  set: `set from the secret "${secrets.ownerPassword}"`,
  restored: `set from the newer version of the secret "${secrets.ownerPassword}"; all sessions and access tokens ended`,
  unchanged: "unchanged, because this version of the secret was set before",
};

/**
 * @yields one line for each of them, once it exists
 * @throws {AppError} of the store or the vault that failed
 */
export async function* seed(options: SeedOptions): AsyncGenerator<string> {
  const { deps, pages, startAt, ownerPassword } = options;
  // Before anything is created.
  const email = deps.seededOwner.checkEmail(options.ownerEmail);
  if (ownerPassword !== undefined) await deps.seededOwner.checkPassword(ownerPassword);
  for (const page of pages) {
    const { outcome, count } = await deps.visits.seed(page, startAt);
    const kept = startAt > 0 && count > startAt ? `stays at ${count}, above ${startAt}` : `already at ${count}`;
    yield `visits of "${page}": ${outcome === "kept" ? kept : `${outcome === "raised" ? "raised to" : "created at"} ${count}`}`;
  }
  yield await createSigningKey();
  yield await createOwnerPassword();
  yield* seedOwner();

  async function createSigningKey(): Promise<string> {
    const versions = await deps.vault.list(secrets.signingKeys);
    if (versions.some(({ enabled }) => enabled)) return `secret "${secrets.signingKeys}": already exists`;
    await deps.vault.write(secrets.signingKeys, await deps.generateSigningKey());
    return `secret "${secrets.signingKeys}": created`;
  }

  async function createOwnerPassword(): Promise<string> {
    const name = secrets.ownerPassword;
    if ((await deps.vault.read(name)) !== undefined) return `secret "${name}": already exists`;
    await deps.vault.write(name, ownerPassword ?? randomBytes(24).toString("base64url"));
    return `secret "${name}": created`;
  }

  async function* seedOwner(): AsyncGenerator<string> {
    const account = await deps.seededOwner.create(email, options.isOwnerRestored);
    const hasOther = options.isAddressShown && account.email !== email;
    yield `user "owner": ${accountLines[account.outcome]}${hasOther ? `, signs in as ${account.email}` : ""}`;
    if (account.outcome === "absent") return;
    const password = await deps.seededOwner.takePassword(email, async () => {
      const secret = await deps.vault.read(secrets.ownerPassword);
      if (secret) return secret;
      throw new Error(`The secret "${secrets.ownerPassword}" was deleted. Run the seed again: npm run seed`);
    });
    yield `password of "owner": ${passwordLines[password]}`;
    if (password === "restored") yield `user "owner": signs in as ${email}, with role owner and state active`;
  }
}
