// Creates, in this order, the counter's rows, the signing keys and the owner's password, and reports each of them.
import { randomBytes } from "node:crypto";
import type { Deps } from "../functions/deps.ts";
import { secrets } from "../functions/lib/names.ts";

export type SeedOptions = {
  readonly deps: Pick<Deps, "visits" | "vault" | "generateSigningKey">;
  readonly pages: readonly string[];
  /** The least count of a page. */
  readonly startAt: number;
  /** For the owner's account when it has none; otherwise a random one. Never printed. */
  readonly ownerPassword: string | undefined;
};

const MIN_PASSWORD_LENGTH = 12;

/**
 * @yields one line for each of them, once it exists
 * @throws {AppError} of the store or the vault that failed
 */
export async function* seed({ deps, pages, startAt, ownerPassword }: SeedOptions): AsyncGenerator<string> {
  for (const page of pages) {
    const { outcome, count } = await deps.visits.seed(page, startAt);
    const kept = startAt > 0 && count > startAt ? `stays at ${count}, above ${startAt}` : `already at ${count}`;
    yield `visits of "${page}": ${outcome === "kept" ? kept : `${outcome === "raised" ? "raised to" : "created at"} ${count}`}`;
  }
  yield await createSigningKey();
  yield await createSecret(secrets.ownerPassword, async () => {
    if (ownerPassword === undefined) return randomBytes(24).toString("base64url");
    if (ownerPassword.length >= MIN_PASSWORD_LENGTH) return ownerPassword;
    throw new Error(
      `The owner's password must have at least ${MIN_PASSWORD_LENGTH} characters, received ${ownerPassword.length}. Choose a longer one.`,
    );
  });

  async function createSigningKey(): Promise<string> {
    const versions = await deps.vault.list(secrets.signingKeys);
    if (versions.some(({ enabled }) => enabled)) return `secret "${secrets.signingKeys}": already exists`;
    await deps.vault.write(secrets.signingKeys, await deps.generateSigningKey());
    return `secret "${secrets.signingKeys}": created`;
  }

  async function createSecret(name: string, create: () => Promise<string>): Promise<string> {
    if ((await deps.vault.read(name)) !== undefined) return `secret "${name}": already exists`;
    await deps.vault.write(name, await create());
    return `secret "${name}": created`;
  }
}
