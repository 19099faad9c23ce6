// The person who is logged in to the Azure CLI.
import { type Az, createAz } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";

export type Person = {
  readonly subscriptionId: string;
  readonly tenantId: string;
  /** Object id in Entra ID. */
  readonly objectId: string;
  /** The name of the login, such as ada@example.com. */
  readonly name: string;
};

/**
 * Returns a context whose az keeps to the subscription: `az account set` in another terminal changes it for all, and the
 * groups of Vitae have the same names in each.
 */
export function inSubscription(
  outer: DeployContext,
  { subscriptionId }: Pick<Person, "subscriptionId">,
): DeployContext {
  const run: DeployContext["run"] = (command, args, options) =>
    outer.run(command, command === "az" ? [...args, "--subscription", subscriptionId] : args, options);
  return { ...outer, run, az: createAz(run) };
}

/** Throws what to do when az has no login, or one that has expired; else the error itself. */
export function explainLogin(cause: unknown): never {
  if (!/az login|az account set|AADSTS/.test(String(cause))) throw cause;
  throw new Error("You are not logged in to Azure, or no subscription is selected. Run: az login", { cause });
}

/** @throws {Error} when no person is logged in */
export async function readPerson(az: Az): Promise<Person> {
  const account = (await az("account", "show").catch(explainLogin)) as {
    id: string;
    tenantId: string;
    user: { name: string; type: string };
  };
  if (account.user.type !== "user")
    throw new Error(
      `A person must be logged in to Azure, received the ${account.user.type} ${account.user.name}. Run: az login`,
    );
  const objectId = String(await az("ad", "signed-in-user", "show", "--query", "id").catch(explainLogin));
  return { subscriptionId: account.id, tenantId: account.tenantId, objectId, name: account.user.name };
}
