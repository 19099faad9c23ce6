// A token of the owner of a deployed stage, minted with the login of az. It is returned, and logged nowhere.
import { type Role, roles } from "../../../functions/lib/access/permissions.ts";
import { parseStage, readConfig } from "../../../infra/config.ts";
import { namesOf } from "../../../infra/naming.ts";
import type { Az } from "../command.ts";
import { mintToken } from "../deployment/mint-token.ts";
import { permissionRetryReason } from "../retry.ts";
import { type Person, readPerson } from "./person.ts";

/** A token cannot be revoked. */
const MAX_SECONDS = 15 * 60;

type StageTokenOptions = {
  readonly stageName: string;
  /** The most that the token permits. @default "owner" */
  readonly role?: string | undefined;
  /** Seconds, 1 to 900. @default 900 */
  readonly expiresIn?: string | undefined;
};

/** @throws {Error} when a value is invalid, no person is logged in, the vault does not exist, or a role is missing */
export async function stageToken(az: Az, { stageName, role = "owner", expiresIn }: StageTokenOptions): Promise<string> {
  const stage = parseStage(stageName);
  const seconds = Number(expiresIn ?? MAX_SECONDS);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_SECONDS)
    throw new Error(`--expires-in must be 1 to ${MAX_SECONDS} seconds for a stage, received "${expiresIn}".`);
  if (!isRole(role)) throw new Error(`--role must be one of ${roles.join(", ")}, received "${role}".`);
  const person = await readPerson(az);
  const config = readConfig(stage);
  const { vault } = namesOf(stage, person.subscriptionId, config.region);
  return mintToken({ az, vaultName: vault, config, expiresInSeconds: seconds, role }).catch((error) => {
    throw explain(error, { stage, vault, person });
  });
}

const isRole = (role: string): role is Role => (roles as readonly string[]).includes(role);

function explain(
  cause: unknown,
  { stage, vault, person }: { readonly stage: string; readonly vault: string; readonly person: Person },
): unknown {
  if (permissionRetryReason(cause) !== undefined)
    return new Error(
      `${person.name} may not read secrets of ${vault}. The role is Key Vault Secrets Officer; an owner of the subscription grants it, within ten minutes: npm run bootstrap -- --operator ${person.name}`,
      { cause },
    );
  // A vault is an address of its own. Azure CLI reports that it cannot be resolved.
  if (/Failed to resolve|Name or service not known|nodename nor servname|getaddrinfo/.test(String(cause)))
    return new Error(
      `There is no vault ${vault}: ${stage} is not deployed in the subscription ${person.subscriptionId}, or this machine has no network. Another subscription: az account set --subscription NAME`,
      { cause },
    );
  return cause;
}
