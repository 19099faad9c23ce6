// Simulates a subscription behind az: keeps what was created, and fails where Azure fails.
import { randomUUID } from "node:crypto";

export type Assignment = {
  id: string;
  principalId: string;
  principalType: string;
  role: string;
  scope: string;
  condition: string | null;
  description: string | null;
};
export type Subscription = {
  account: { id: string; tenantId: string };
  providers: string[];
  groups: Record<string, string>;
  storage: Record<string, { flags: Record<string, string>; blobs: Record<string, string>; containers: string[] }>;
  identities: Record<string, { clientId: string; principalId: string; credentials: Record<string, string>[] }>;
  definitions: { name: string; roleName: string; actions: string[] }[];
  assignments: Assignment[];
  /** By name of the group, account or identity. */
  tags: Record<string, string>;
  /** Who holds the lock of a stage, and its state. */
  lock?: { state: string; by: string };
  /** Commands that wrote something. */
  writes: string[];
};

export const SUBSCRIPTION = "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11";

export const emptySubscription = (): Subscription => ({
  account: { id: SUBSCRIPTION, tenantId: "0b6a1f8e-5f53-4f5e-8a44-2a6f8f0f7c55" },
  providers: ["Microsoft.Authorization", "Microsoft.Consumption"],
  groups: {},
  storage: {},
  identities: {},
  definitions: [],
  assignments: [],
  tags: {},
  writes: [],
});

export class AzureError extends Error {
  override name = "AzureError";
}

/** Reads `a b --x 1 --y` as the command "a b" with x=1 and y="". */
export function parseAz(args: readonly string[]): { command: string; flags: Record<string, string> } {
  const first = args.findIndex((arg) => arg.startsWith("--"));
  const words = first < 0 ? args : args.slice(0, first);
  const flags: Record<string, string> = {};
  let name = "";
  for (const arg of args.slice(words.length))
    if (arg.startsWith("--")) {
      name = arg.slice(2);
      flags[name] = "";
    } else flags[name] = `${flags[name] ? `${flags[name]} ` : ""}${arg}`;
  return { command: words.join(" "), flags };
}

function requireFound<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new AzureError(`(ResourceNotFound) ${what} was not found.`);
  return value;
}

/** Returns the output of az as a value. */
export function runAz(subscription: Subscription, args: readonly string[]): unknown {
  const { command, flags } = parseAz(args);
  const flag = (name: string) => requireFound(flags[name], `--${name}`);
  const inGroup = () => requireFound(subscription.groups[flag("resource-group")], `Group ${flag("resource-group")}`);
  const calls: Record<string, () => unknown> = {
    "account show": () => subscription.account,
    "provider list": () => subscription.providers,
    "provider register": () => subscription.providers.push(flag("namespace")),
    "group list": () => Object.keys(subscription.groups),
    "group create": () => {
      subscription.groups[flag("name")] = flag("location");
    },
    "storage account list": () => inGroup() && Object.keys(subscription.storage).map((name) => ({ name })),
    "storage account create": () => {
      inGroup();
      subscription.storage[flag("name")] = { flags, blobs: {}, containers: [] };
    },
    "storage account revoke-delegation-keys": () =>
      inGroup() && requireFound(subscription.storage[flag("name")], "Account"),
    "storage blob show": () => subscription.lock ?? requireFound(undefined, "ErrorCode:BlobNotFound"),
    "functionapp restart": () => inGroup(),
    "storage account blob-service-properties update": () => {
      requireFound(subscription.storage[flag("account-name")], "Account").blobs = flags;
    },
    "storage container-rm list": () =>
      requireFound(subscription.storage[flag("storage-account")], "Account").containers.map((name) => ({ name })),
    "storage container-rm create": () =>
      requireFound(subscription.storage[flag("storage-account")], "Account").containers.push(flag("name")),
    "identity list": () => inGroup() && Object.entries(subscription.identities).map(([name, it]) => ({ name, ...it })),
    "identity create": () => {
      inGroup();
      subscription.identities[flag("name")] = { clientId: randomUUID(), principalId: randomUUID(), credentials: [] };
    },
    "identity federated-credential list": () =>
      requireFound(subscription.identities[flag("identity-name")], "Identity").credentials.slice(),
    "identity federated-credential create": () => {
      const { credentials } = requireFound(subscription.identities[flag("identity-name")], "Identity");
      if (credentials.some(({ subject }) => subject === flag("subject")))
        throw new AzureError("(Conflict) Issuer and subject combination already exists for this Managed Identity.");
      const [name, subject, issuer, audiences] = [flag("name"), flag("subject"), flag("issuer"), flag("audiences")];
      credentials.push({ name, subject, issuer, audiences });
    },
    // The subscription has no resources of a stage.
    rest: () => requireFound(undefined, flag("url")),
    "role assignment list": () => {
      const principal = /principalId=='([^']+)'/.exec(flags.query ?? "")?.[1];
      return subscription.assignments.filter(
        (it) => it.scope === flag("scope") && it.role === flag("role") && it.principalId === principal,
      );
    },
    "role assignment create": () => {
      const [role, scope, principalId] = [flag("role"), flag("scope"), flag("assignee-object-id")];
      if (
        subscription.assignments.some((it) => it.role === role && it.scope === scope && it.principalId === principalId)
      )
        throw new AzureError("(RoleAssignmentExists) The role assignment already exists.");
      subscription.assignments.push({
        id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`,
        ...{ role, scope, principalId, principalType: flag("assignee-principal-type") },
        condition: flags.condition ?? null,
        description: flags.description ?? null,
      });
    },
    "role assignment delete": () => {
      const at = subscription.assignments.findIndex(({ id }) => id === flag("ids"));
      subscription.assignments.splice(at, 1);
    },
  };
  const call = calls[command];
  if (!call) throw new AzureError(`az ${command} is not simulated.`);
  const output = call();
  if (flags.tags !== undefined) subscription.tags[flag("name")] = flags.tags;
  if (!/ (?:list|show)$/.test(command)) subscription.writes.push(`${command} ${flags.name ?? flags.namespace ?? ""}`);
  return /(?:list|show)$/.test(command) ? output : undefined;
}
