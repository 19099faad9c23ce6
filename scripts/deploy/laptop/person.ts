// The person who is logged in to the Azure CLI.
import type { Az } from "../command.ts";

export type Person = {
  readonly subscriptionId: string;
  readonly tenantId: string;
  /** Object id in Entra ID. */
  readonly objectId: string;
  /** The name of the login, such as ada@example.com. */
  readonly name: string;
};

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
