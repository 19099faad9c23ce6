// Mints an access token for the owner of a stage, with the stage's signing key from Key Vault.
import { signingVersion } from "../../../functions/lib/access/key-states.ts";
import type { Role } from "../../../functions/lib/access/permissions.ts";
import { OWNER_ID } from "../../../functions/lib/access/roster.ts";
import { parseSigningKeys } from "../../../functions/lib/access/signing-keys.ts";
import { signToken } from "../../../functions/lib/access/token.ts";
import { secrets } from "../../../functions/lib/names.ts";
import { settingRules } from "../../../functions/lib/settings-schema.ts";
import type { StageConfig } from "../../../infra/config-schema.ts";
import type { Az } from "../command.ts";

type MintTokenOptions = {
  readonly az: Az;
  readonly vaultName: string;
  readonly config: Pick<StageConfig, "settings">;
  readonly expiresInSeconds: number;
  /** The most that the token permits. @default "owner" */
  readonly role?: Role;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
};

/** `id` ends with the version; `created` in ISO 8601. */
type ListedVersion = { readonly id: string; readonly created: string };

/**
 * Signs with the key that the app signs with now. The caller of az needs the role Key Vault Secrets Officer or Secrets
 * User on the vault.
 * @throws {CommandError} when az fails; {Error} when there is no signing key, or its value is invalid; never with a value
 */
export async function mintToken({
  az,
  vaultName,
  config: { settings },
  expiresInSeconds,
  role = "owner",
  now = Date.now,
}: MintTokenOptions): Promise<string> {
  const secret = ["--vault-name", vaultName, "--name", secrets.signingKeys];
  const listed = (await az(
    ...["keyvault", "secret", "list-versions", ...secret],
    ...["--query", "[?attributes.enabled].{id:id, created:attributes.created}"],
  )) as readonly ListedVersion[];
  const versions = listed.map(({ id, created }) => ({
    version: id.slice(id.lastIndexOf("/") + 1),
    createdOn: Date.parse(created),
  }));
  const signing = signingVersion(versions, now());
  if (signing === undefined)
    throw new Error(`The vault ${vaultName} has no enabled version of ${secrets.signingKeys}: deploy, which seeds it.`);
  const value = await az(
    ...["keyvault", "secret", "show", ...secret, "--version", signing.version, "--query", "value"],
  );
  const [key] = parseSigningKeys(String(value));
  return signToken({
    key,
    issuer: settingRules.TOKEN_ISSUER.parse(settings.TOKEN_ISSUER),
    audience: settingRules.TOKEN_AUDIENCE.parse(settings.TOKEN_AUDIENCE),
    subject: OWNER_ID,
    role,
    issuedAt: Math.floor(now() / 1000),
    expiresIn: expiresInSeconds,
  });
}
