// Simulates az on a stage. Calls on missing resources or without a role fail.
import { readFileSync, writeFileSync } from "node:fs";
import { parseAz } from "../azure-cli.fixture.ts";
import type { DeployTarget } from "../target.ts";
import { runKeyVault } from "./key-vault.fixture.ts";
import { SCM_HOST, SCM_TOKEN } from "./simulated-kudu.fixture.ts";
import { denyWhile, fail, SIGNED_URL, type StageFaults, type StageState } from "./stage-state.fixture.ts";
import { runWebBlob, SITE } from "./web-container.fixture.ts";

export function createSimulatedAz(stage: {
  readonly target: DeployTarget;
  readonly state: StageState;
  readonly faults: StageFaults;
}): (args: readonly string[]) => unknown {
  const { target, state, faults } = stage;

  function rest(flags: Record<string, string>): unknown {
    const path = new URL(flags.url ?? "").pathname;
    if (path.endsWith("/listCallbackUrl")) return { value: SIGNED_URL };
    if (path.includes("/smartDetectorAlertRules/Failure%20Anomalies%20-%20")) {
      if (!state.generatedRule) fail("(ResourceNotFound) The rule was not found.");
      if (flags.method === "patch") state.generatedRule = JSON.parse(flags.body ?? "").properties;
      return {};
    }
    if (flags.method === "get") return { value: state.tableRoles };
    // As az rest prints the response.
    const text = "There is another user operation in progress which requires an exclusive lock on [it].";
    denyWhile(faults, "tableRoleDenials", `Precondition Failed({"code":"PreconditionFailed","message":"${text}"})`);
    if (flags.method === "put") state.tableRoles.push({ id: path, ...JSON.parse(flags.body ?? "") });
    else state.tableRoles = state.tableRoles.filter(({ id }) => id !== path);
    return undefined;
  }

  return (args) => {
    const { command, flags } = parseAz(args);
    const name = flags.name ?? "";
    const { releases } = state;
    if (command === "account get-access-token") return SCM_TOKEN;
    if (!state.stacks.has("platform")) fail("(ResourceNotFound) The resource was not found.");
    if (flags["container-name"] === "$web") return runWebBlob(stage, command, flags);
    if (command.startsWith("storage blob"))
      denyWhile(faults, "releaseDenials", "(AuthorizationPermissionMismatch) 403");
    const found = () => releases.get(name) ?? fail("(BlobNotFound) The blob does not exist.");
    if (command.startsWith("keyvault")) {
      const { principalId, names } = target;
      if (!state.vaultRoles.some((role) => role.principalId === principalId))
        fail("(Forbidden) Caller is not authorized");
      return runKeyVault({ name: names.vault, versions: state.signingKeys }, args);
    }
    switch (command) {
      case "functionapp show":
        return flags.query?.includes("Repository") ? SCM_HOST : `${target.names.functionApp}.azurewebsites.net`;
      case "storage account show":
        if (name !== target.names.siteAccount) fail("(ResourceNotFound) The account was not found.");
        return SITE;
      case "monitor log-analytics workspace show":
        return "7d1f0c1e-0000-4000-8000-000000000000";
      case "functionapp keys list":
        denyWhile(faults, "keyDenials", "Operation returned an invalid status 'Bad Request'");
        return state.deployed !== undefined;
      case "storage blob upload":
        releases.set(name, { text: readFileSync(flags.file ?? "", "utf8"), modified: state.now });
        return {};
      case "storage blob metadata update":
        Object.assign(found(), { good: (flags.metadata ?? "").replace("good=", ""), modified: state.now });
        return {};
      case "storage blob list":
        return [...releases].map(([each, { good, modified }]) => ({
          name: each,
          metadata: good ? { good } : null,
          properties: { lastModified: new Date(modified ?? good ?? 0).toISOString() },
        }));
      case "storage blob download":
        writeFileSync(flags.file ?? "", found().text);
        return {};
      case "storage blob delete":
        releases.delete(name);
        return {};
      case "role assignment list":
        return state.vaultRoles;
      case "role assignment create":
        state.vaultRoles.push({
          id: `vault-role-${state.vaultRoles.length}`,
          principalId: flags["assignee-object-id"] ?? "",
          description: flags.description ?? null,
        });
        return {};
      case "role assignment delete":
        state.vaultRoles = state.vaultRoles.filter(({ id }) => id !== flags.ids);
        return {};
      case "rest":
        return rest(flags);
      default:
        return fail(`az ${command} is not simulated.`);
    }
  };
}
