// What bootstrap checks before it changes anything, and its dry run, which goes without az and gh.
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { answers, simulatedContext } from "./context.fixture.ts";
import { emptyGitHub } from "./github.fixture.ts";
import { bootstrap } from "./order.ts";
import { repositoryOfUrl } from "./prerequisites.ts";
import { emptyPrograms, type Programs } from "./programs.fixture.ts";

it.each<[string, Partial<Programs>, RegExp[]]>([
  [
    "az and gh are not installed",
    { missing: ["az", "gh"] },
    [/- az is not installed: https:/, /- gh is not installed: https:/],
  ],
  [
    "az and gh are too old",
    { old: ["az", "gh"] },
    [
      /- az is too old, as it has no "functionapp list-flexconsumption-locations": az upgrade/,
      /- gh is too old, as it has no "variable set": https:/,
    ],
  ],
  [
    "the repository deploys to another subscription than the selected one",
    { github: { ...emptyGitHub(), variables: { STATE_ACCOUNT: "vitaestateother" } } },
    [
      /- ada\/vitae deploys to another subscription than Ada's subscription, one with .*vitaestateother.*az account set/,
    ],
  ],
  [
    "no one is logged in to an old az and gh",
    { old: ["az", "gh"], azLogin: undefined, github: { ...emptyGitHub(), login: undefined } },
    [/- az is too old/, /- az is not logged in: az login/, /- gh is too old/, /- gh is not logged in: gh auth login/],
  ],
  [
    "no one is logged in",
    { azLogin: undefined, github: { ...emptyGitHub(), login: undefined } },
    [/- az is not logged in: az login/, /- gh is not logged in: gh auth login/],
  ],
  [
    "the subscription is disabled",
    { azLogin: { name: "Trial", state: "Disabled" } },
    [/received "Trial" \(Disabled\): az account set --subscription/],
  ],
  [
    "the tenant has no subscription",
    { azLogin: { name: "N/A(tenant level account)", state: "Enabled" } },
    [/az account set --subscription/],
  ],
  [
    "the user is only Contributor, and no administrator of the repository",
    { isOwner: false, github: { ...emptyGitHub(), repository: { ...emptyGitHub().repository, admin: false } } },
    [
      /- ada@ada\.dev must have the role Owner.*az role assignment create --role Owner/,
      /- you must be an administrator of the repository ada\/vitae/,
    ],
  ],
  [
    "the repository belongs to someone else",
    { github: { ...emptyGitHub(), repository: { ...emptyGitHub().repository, admin: false } } },
    [/- you must be an administrator of the repository ada\/vitae.*docs\/deploy\.md, step 1/],
  ],
  [
    "the repository does not exist",
    { github: { ...emptyGitHub(), repository: { ...emptyGitHub().repository, name: "cv" } } },
    [/- the repository ada\/vitae does not exist.*gh repo create ada\/vitae/],
  ],
])("bootstrap names all missing prerequisites at once with their commands when %s", async (_, given, messages) => {
  const programs = { ...emptyPrograms(), ...given };
  const { context, file } = simulatedContext(programs);
  const error = await bootstrap(context, { answers, dryRun: false, confirmed: true }).catch(
    (thrown: Error) => thrown.message,
  );
  for (const message of messages) expect(error).toMatch(message);
  expect(String(error).split("\n- ")).toHaveLength(messages.length + 1);
  expect([programs.azure.writes, programs.github.writes]).toEqual([[], []]);
  expect(existsSync(file)).toBe(false);
});

it("a dry run needs neither az nor gh, lists everything, and prints nothing to paste", async () => {
  const programs: Programs = { ...emptyPrograms(), missing: ["az", "gh"] };
  const { context, lines, file } = simulatedContext(programs);
  await bootstrap(context, { answers, dryRun: true, confirmed: false });
  const text = lines.join("\n");
  expect(lines).toContain("resource group vitae-state: would be created");
  expect(lines).toContain("environment preview: would be created");
  expect(lines).toContain("variable STATE_ACCOUNT=vitaestate…: would be created");
  expect(lines).toContain("budget of vitae-preview: would be created");
  expect(text).not.toMatch(/--body|git add|^ *(?:az|gh|git) |[A-Z]+-ID\b/m);
  expect(text).not.toMatch(/already exists|: created/);
  expect(lines.at(-1)).toBe("This was a dry run: nothing was changed.");
  expect(existsSync(file)).toBe(false);
});

it("a dry run changes nothing in an empty and in a prepared subscription", async () => {
  const programs = emptyPrograms();
  const { context, lines } = simulatedContext(programs);
  await bootstrap(context, { answers, dryRun: true, confirmed: false });
  expect(programs).toEqual(emptyPrograms());
  const planned = lines.splice(0).filter((line) => line.endsWith(": would be created"));
  await bootstrap(context, { answers, dryRun: false, confirmed: true });
  const created = lines.splice(0).filter((line) => line.endsWith(": created"));
  // The dry run does not know the ids of identities.
  const names = (list: string[]) =>
    list.map((line) => line.replace(/(?:=\S+)?( of \S+)?: (?:would be )?created$/, "$1"));
  expect(names(created)).toEqual(names(planned));
  const before = structuredClone(programs);
  await bootstrap(context, { answers, dryRun: true, confirmed: false });
  expect(programs).toEqual(before);
  expect(lines.filter((line) => line.includes("would be"))).toEqual([]);
});

it.each([
  ["https://github.com/ada/vitae.git", "ada/vitae"],
  ["https://github.com/ada/vitae", "ada/vitae"],
  ["https://token@github.com/ada/vitae.git", "ada/vitae"],
  ["git@github.com:ada/my.cv.git", "ada/my.cv"],
  ["ssh://git@github.com/ada/vitae.git", "ada/vitae"],
  ["https://gitlab.com/ada/vitae.git", undefined],
  ["/home/ada/vitae", undefined],
])("repositoryOfUrl reads %s as %s", (url, slug) => {
  expect(repositoryOfUrl(url)).toBe(slug);
});
