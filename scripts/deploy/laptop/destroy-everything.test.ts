// npm run destroy -- --everything: what bootstrap and deployments created, in the order in which Azure permits it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { customRoles } from "../bootstrap/deployer-roles.ts";
import { createAz, type Run } from "../command.ts";
import { createStage } from "../deployment/simulated-stage.fixture.ts";
import { confirmAtTerminal } from "./confirm.ts";
import { destroyEverything } from "./destroy-everything.ts";
import { CHOICES } from "./laptop.fixture.ts";

const [LOOK_UPS = "", PURGER = ""] = customRoles("s1", true).map(({ name }) => name);

/** What bootstrap leaves in a subscription and on GitHub. Azure deletes no role that is assigned, and replicates late. */
function createBootstrapped(repository: string) {
  const roles = [LOOK_UPS, PURGER, "Contributor"];
  const state = {
    variables: ["STATE_ACCOUNT", "AZURE_TENANT_ID", "MINE"],
    environments: ["production", "preview", "preview-sweep", "staging"],
    roles: roles.map((roleName, at) => ({ name: `definition-${at}`, roleName })),
    assignments: roles.flatMap((role) => [`${role}/1`, `${role}/2`]),
    groups: ["vitae-state", "vitae-preview", "vitae-production", "mine"],
    removed: [] as string[],
    now: 0,
    /** Until then Azure still counts the assignments that were deleted. */
    replicatedAt: 0,
    fails: undefined as string | undefined,
  };
  const remove = (list: string[], name: string | undefined) => {
    const at = list.indexOf(name ?? "");
    if (at < 0) throw new Error("(NotFound) It was not found.");
    state.removed.push(...list.splice(at, 1));
  };
  const after = (args: readonly string[], flag: string) => args[args.indexOf(flag) + 1] ?? "";
  function respond(args: readonly string[], timeoutMs = 0): unknown {
    const line = args.join(" ");
    if (state.fails && line.includes(state.fails)) throw new Error("(Failed) It failed.");
    if (line.startsWith("account show"))
      return { id: "s1", tenantId: "t", user: { name: "ada@ada.dev", type: "user" } };
    if (line.startsWith("ad ")) return "p";
    // In another terminal, `az account set` has selected another subscription by now.
    if (!line.startsWith("api ") && after(args, "--subscription") !== "s1")
      throw new Error(`Of another subscription: ${line}`);
    if (line.startsWith("role definition list"))
      return state.roles.filter(({ roleName }) => roleName === after(args, "--name"));
    if (line.startsWith("role assignment list"))
      return state.assignments.filter((id) => id.startsWith(`${after(args, "--role")}/`)).map((id) => ({ id }));
    if (line.startsWith("role assignment delete")) {
      remove(state.assignments, after(args, "--ids"));
      state.replicatedAt = state.now + 40_000;
      return undefined;
    }
    if (line.startsWith("role definition delete")) {
      const role = state.roles.find(({ name }) => name === after(args, "--name"));
      if (state.now < state.replicatedAt || state.assignments.some((id) => id.startsWith(`${role?.roleName}/`)))
        throw new Error("(RoleDefinitionHasAssignments) There are existing role assignments referencing role.");
      state.roles = state.roles.filter((it) => it !== role);
      state.removed.push(role?.roleName ?? "");
      return undefined;
    }
    if (line.startsWith("group list")) return state.groups;
    if (line.startsWith("resource list")) return 3;
    if (line.startsWith("group delete")) {
      if (timeoutMs < 30 * 60_000) throw new Error("Ended, as it had not finished.");
      return remove(state.groups, after(args, "--name"));
    }
    const [, path = ""] = args;
    if (path === `repos/${repository}/actions/variables`) return state.variables;
    if (path === `repos/${repository}/environments`) return state.environments;
    if (args[1] === "--method" && args[2] === "DELETE") {
      const [kind, name] = args[3]?.split("/").slice(-2) ?? [];
      return remove(kind === "variables" ? state.variables : state.environments, name);
    }
    throw new Error(`${line} is not simulated.`);
  }
  const run: Run = async (command, args, options) => {
    try {
      const value = respond(args, options?.timeoutMs);
      const isLines = command === "gh" && Array.isArray(value);
      return { code: 0, stdout: isLines ? value.join("\n") : (JSON.stringify(value) ?? ""), stderr: "" };
    } catch (error) {
      return { code: 1, stdout: "", stderr: (error as Error).message };
    }
  };
  const lines: string[] = [];
  const clock = {
    now: () => state.now,
    sleep: async (milliseconds: number) => {
      state.now += milliseconds;
    },
  };
  const context = { ...createStage().context, run, az: createAz(run), clock, log: (line: string) => lines.push(line) };
  const destroy = (dryRun = false, yes = "everything") =>
    destroyEverything(context, { dryRun, confirm: confirmAtTerminal(yes) });
  return { state, lines, destroy };
}

describe("destroyEverything", () => {
  async function withChoices<T>(work: (repository: string) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), "vitae-destroy-"));
    await writeFile(join(folder, "choices.json"), JSON.stringify(CHOICES));
    vi.stubEnv("VITAE_CHOICES", join(folder, "choices.json"));
    try {
      return await work(CHOICES.repository);
    } finally {
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    }
  }

  it("stops the pipeline first, removes roles after their assignments, the state last, and nothing of others", () =>
    withChoices(async (repository) => {
      const { state, destroy, lines } = createBootstrapped(repository);
      await destroy();
      expect(state.removed).toEqual([
        ...["STATE_ACCOUNT", "AZURE_TENANT_ID", "production", "preview", "preview-sweep"],
        ...[`${LOOK_UPS}/1`, `${LOOK_UPS}/2`, LOOK_UPS],
        ...[`${PURGER}/1`, `${PURGER}/2`, PURGER],
        ...["vitae-production", "vitae-preview", "vitae-state"],
      ]);
      expect([state.variables, state.environments, state.groups]).toEqual([["MINE"], ["staging"], ["mine"]]);
      await destroy();
      expect(lines.at(-1)).toBe("Nothing of Vitae is left to remove.");
    }));

  it("continues after a failure", () =>
    withChoices(async (repository) => {
      const { state, destroy } = createBootstrapped(repository);
      state.fails = "group delete --name vitae-preview";
      await expect(destroy()).rejects.toThrow("vitae-preview");
      expect(state.groups).toEqual(["vitae-state", "vitae-preview", "mine"]);
      state.fails = undefined;
      await destroy();
      expect(state.groups).toEqual(["mine"]);
    }));

  it("lists everything in a dry run, and removes nothing then or with another word", () =>
    withChoices(async (repository) => {
      const { state, destroy, lines } = createBootstrapped(repository);
      await destroy(true);
      await expect(destroy(false, "all")).rejects.toThrow('expected "everything", received "all"');
      expect(state.removed).toEqual([]);
      expect(lines).toContain("  the resource group vitae-production, with 3 resource(s)");
    }));

  it("leaves GitHub as it is without a file of choices", async () => {
    const { state, destroy, lines } = createBootstrapped("ada/vitae");
    await destroy();
    expect(state.variables).toHaveLength(3);
    expect(lines.join("\n")).toContain("nothing is removed from GitHub");
  });
});
