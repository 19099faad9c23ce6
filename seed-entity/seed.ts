// What is made, in order: the counter's rows, the signing keys, the owner's password. Each is told, created or standing.
import { randomBytes } from "node:crypto";
import type { Deps } from "../functions/deps.ts";
import { secrets } from "../functions/lib/names.ts";

export type SeedOptions = {
  readonly deps: Pick<Deps, "visits" | "vault" | "generateSigningKeys">;
  readonly pages: readonly string[];
  /** Visits that a row holds at least. */
  readonly startAt: number;
  /** For the owner's account if it has none yet; else one is made. Never told. */
  readonly ownerPassword: string | undefined;
};

/** A password shorter than this is refused: it guards everything. */
const PASSWORD_LENGTH = 12;

/**
 * @yields one line for each thing, once it stands
 * @throws {AppError} of the store or the vault that failed
 */
export async function* seed({ deps, pages, startAt, ownerPassword }: SeedOptions): AsyncGenerator<string> {
  for (const page of pages) {
    const { did, count } = await deps.visits.seed(page, startAt);
    const asked = startAt > 0 ? `, which is not less than ${startAt}` : "";
    yield `visits of "${page}": ${did === "kept" ? `stood already at ${count}${asked}` : `${did} at ${count}`}`;
  }
  yield await createSecret(secrets.signingKeys, deps.generateSigningKeys);
  yield await createSecret(secrets.ownerPassword, async () => {
    if (ownerPassword === undefined) return randomBytes(24).toString("base64url");
    if (ownerPassword.length >= PASSWORD_LENGTH) return ownerPassword;
    throw new Error(
      `The owner's password must have at least ${PASSWORD_LENGTH} characters, received ${ownerPassword.length}. Choose a longer one.`,
    );
  });

  async function createSecret(name: string, make: () => Promise<string>): Promise<string> {
    if ((await deps.vault.read(name)) !== undefined) return `secret "${name}": stood already`;
    await deps.vault.write(name, await make());
    return `secret "${name}": created`;
  }
}
