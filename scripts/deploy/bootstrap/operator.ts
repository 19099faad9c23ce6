// Grants a person what a deployment from a laptop needs, and reports each role as created or existing.
import { customRoles } from "./deployer-roles.ts";
import { type AzContext, assignRole, ensureRole, list } from "./idempotent-az.ts";
import { operatorGrants } from "./operator-grants.ts";
import { deployers } from "./plan.ts";

type Person = { readonly id: string; readonly userPrincipalName: string };
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * @param operator `me`, an object id, a user principal name or an e-mail address
 * @throws {Error} when there is no such person, or nothing to deploy to
 */
export async function grantOperator(
  context: AzContext & { readonly subscriptionId: string; readonly stateAccount: string },
  operator: string,
): Promise<void> {
  const { subscriptionId, stateAccount } = context;
  const groups = await list<string>(context, "group", "list", "--query", "[].name");
  const existing = deployers.filter(({ group }) => groups.includes(group));
  if (existing.length === 0)
    throw new Error(
      `The subscription ${subscriptionId} has no group ${deployers.map(({ group }) => group).join(" or ")}: run npm run bootstrap first, or choose another subscription with az account set.`,
    );
  const person = await findPerson(context, operator);
  context.log(`operator ${person.userPrincipalName} (${person.id})`);
  const custom = customRoles(subscriptionId, true);
  const ids = new Map<string, string | undefined>();
  for (const deployer of existing)
    for (const grant of operatorGrants({ subscriptionId, stateAccount, deployer })) {
      const { name } = grant.role;
      const role = custom.find((it) => it.name === name);
      if (role && !ids.has(name)) ids.set(name, await ensureRole(context, role, `/subscriptions/${subscriptionId}`));
      const id = grant.role.id ?? ids.get(name);
      const principal = { name: person.userPrincipalName, id: person.id, type: "User" } as const;
      await assignRole(context, principal, { ...grant, role: { name, ...(id && { id }) } });
    }
}

/** A guest's user principal name differs from the e-mail address, so that is looked up too. */
async function findPerson({ az }: Pick<AzContext, "az">, operator: string): Promise<Person> {
  if (operator === "me") return (await az("ad", "signed-in-user", "show")) as Person;
  if (!GUID.test(operator) && !operator.includes("@"))
    throw new Error(
      `--operator must be me, an object id, a user principal name or an e-mail address. Received "${operator}".`,
    );
  try {
    return (await az("ad", "user", "show", "--id", operator)) as Person;
  } catch (error) {
    const filter = `mail eq '${operator.replaceAll("'", "''")}'`;
    const found = GUID.test(operator) ? [] : ((await az("ad", "user", "list", "--filter", filter)) as Person[]);
    const [person, second] = found;
    // Entra ID does not verify this address, and several people can have the same.
    if (person && second)
      throw new Error(
        `--operator must name one person. Several have the address ${operator}: ${found.map(({ userPrincipalName }) => userPrincipalName).join(", ")}. Use a user principal name or an object id.`,
        { cause: error },
      );
    if (person) return person;
    throw new Error(
      `--operator must be a person of the tenant of this subscription. Received "${operator}". Their object id works too: az ad user list --display-name NAME`,
      { cause: error },
    );
  }
}
