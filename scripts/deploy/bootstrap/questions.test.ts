// The answers that bootstrap needs, and what it does before it changes anything.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { answers, simulatedContext } from "./context.fixture.ts";
import { bootstrap } from "./order.ts";
import { emptyPrograms, type Programs } from "./programs.fixture.ts";

/** Answers the questions in order, and keeps their texts. */
function terminal(...replies: string[]) {
  const asked: string[] = [];
  const ask = async (text: string) => {
    asked.push(text);
    const reply = replies.shift();
    if (reply === undefined) throw new Error(`No reply to ${text}`);
    return reply;
  };
  return { ask, asked };
}
const without = { dryRun: false, confirmed: false };
const unchanged = (programs: Programs) => expect([programs.azure.writes, programs.github.writes]).toEqual([[], []]);

it("bootstrap asks for each answer, proposes what it knows, and writes the choices", async () => {
  const programs = emptyPrograms();
  const { context, file, lines } = simulatedContext(programs);
  const { ask, asked } = terminal("", "", "https://ada.dev", "ada@ada.dev", "", "yes");
  await bootstrap({ ...context, ask }, { answers: {}, ...without });
  expect(asked.map((text) => /\[(.*)\]: $/.exec(text)?.[1])).toEqual([
    ...["ada/vitae", "swedencentral", undefined, undefined, "no", "yes"],
  ]);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
    ...{ repository: "ada/vitae", region: "swedencentral", origins: ["https://ada.dev"], ownerEmail: "ada@ada.dev" },
  });
  expect(lines.slice(-2)).toEqual([
    "  gh run download --name terraform-lock --dir infra",
    '  git add infra/choices.json infra/.terraform.lock.hcl && git commit -m "Choose region, page and owner" && git push',
  ]);
  await bootstrap({ ...context, lockFile: file }, { answers: {}, dryRun: false, confirmed: true });
  expect(lines.at(-2)).toMatch(/^Azure and GitHub are set up/);
  expect(lines.at(-1)).toMatch(/^ {2}git add infra\/choices\.json && git commit/);
});

it("bootstrap rejects a wrong answer with rule and received value, and asks again", async () => {
  const programs = emptyPrograms();
  programs.azure.providers.push("Microsoft.Web");
  const { context, file, lines } = simulatedContext(programs);
  const { ask } = terminal(
    ...["vitae", "ada/other", "ada/vitae", "mars", "northeurope"],
    ...["https://ada.dev/cv", "https://www.example.com", "", "website"],
    ...["ada", "owner@example.com", "ada@ada.dev", "maybe", "YES", ""],
  );
  await bootstrap({ ...context, ask }, { answers: {}, ...without });
  const text = lines.join("\n");
  for (const message of [
    /It must be OWNER\/NAME.*Received "vitae"\./,
    /the repository ada\/other does not exist.*gh repo create ada\/other/,
    /It must have Flex Consumption: northeurope, swedencentral\. Received "mars"\./,
    /It must be an https origin without a path.*Received "https:\/\/ada\.dev\/cv"\./,
    /It must be your own\. Received origins is "https:\/\/www\.example\.com", a placeholder/,
    /An answer is needed\./,
    /It must be an e-mail address.*Received "ada"\./,
    /It must be your own\. Received ownerEmail is "owner@example\.com"/,
    /It must be yes or no\. Received "maybe"\./,
  ])
    expect(text).toMatch(message);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    region: "northeurope",
    origins: [],
    site: true,
    reviewer: true,
  });
});

it("bootstrap proposes the existing choices and keeps their overrides", async () => {
  const { context, file } = simulatedContext(emptyPrograms());
  const overrides = { production: { hostNames: ["api.ada.dev"] } };
  const existing = {
    repository: "ada/vitae",
    region: "northeurope",
    origins: ["https://ada.dev"],
    ownerEmail: "a@ada.dev",
  };
  writeFileSync(file, JSON.stringify({ ...existing, site: true, overrides }));
  const { ask, asked } = terminal("", "", "", "ada@ada.dev", "", "");
  await bootstrap({ ...context, ask }, { answers: {}, ...without });
  expect(asked[2]).toContain("[https://ada.dev,website]");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
    ...existing,
    site: true,
    ownerEmail: "ada@ada.dev",
    overrides,
  });
});

it("bootstrap asks for the origin alone again when the existing choices have none", async () => {
  const { context, file, lines } = simulatedContext(emptyPrograms());
  const existing = { repository: "ada/vitae", region: "northeurope", origins: [], ownerEmail: "a@ada.dev" };
  writeFileSync(file, JSON.stringify(existing));
  const { ask, asked } = terminal("", "", "", "https://ada.dev", "", "", "");
  await bootstrap({ ...context, ask }, { answers: {}, ...without });
  expect(asked).toHaveLength(7);
  expect(lines.filter((line) => line.startsWith("  An answer") || line.startsWith("  It "))).toEqual([
    "  An answer is needed.",
  ]);
});

it("bootstrap stops at choices whose overrides break a rule", async () => {
  const programs = emptyPrograms();
  const { context, file } = simulatedContext(programs);
  const overrides = { production: { hostNames: ["https://api.ada.dev"] } };
  writeFileSync(
    file,
    JSON.stringify({
      ...JSON.parse("{}"),
      repository: "ada/vitae",
      region: "northeurope",
      origins: ["https://ada.dev"],
      ownerEmail: "a@ada.dev",
      overrides,
    }),
  );
  await expect(bootstrap(context, { answers: {}, dryRun: false, confirmed: true })).rejects.toThrow(
    "hostNames.0: must be a host name",
  );
  unchanged(programs);
});

it("without a terminal, bootstrap names all missing flags in one error", async () => {
  const programs = { ...emptyPrograms(), remote: undefined };
  const { context, file } = simulatedContext(programs);
  await expect(bootstrap(context, { answers: {}, ...without })).rejects.toThrow(
    "Standard input is not a terminal, so flags must give the answers. Missing: --repository, --origin, --owner-email, --confirm.",
  );
  await expect(
    bootstrap(context, {
      answers: { ...answers, origin: "http://ada.dev", reviewer: "maybe" },
      dryRun: false,
      confirmed: true,
    }),
  ).rejects.toThrow(/--origin must be an https origin.*\n--reviewer must be yes or no\. Received "maybe"\./);
  unchanged(programs);
  expect(existsSync(file)).toBe(false);
});

it("bootstrap names missing flags, wrong flags and missing prerequisites in one error", async () => {
  const programs: Programs = { ...emptyPrograms(), missing: ["az"] };
  const { context, file } = simulatedContext(programs);
  const flags = { ...answers, "owner-email": undefined, origin: "http://ada.dev", region: "Sweden Central" };
  const error = await bootstrap(context, { answers: flags, ...without }).catch((thrown: Error) => thrown.message);
  expect(String(error).split("\n")).toEqual([
    expect.stringMatching(/Missing: --owner-email, --confirm\.$/),
    expect.stringMatching(/^--region must be a region.*Received "Sweden Central"\.$/),
    expect.stringMatching(/^--origin must be an https origin.*Received "http:\/\/ada\.dev"\.$/),
    "These prerequisites are missing, and nothing was changed:",
    "- az is not installed: https://aka.ms/azure-cli",
  ]);
  unchanged(programs);
  expect(existsSync(file)).toBe(false);
});

it("on a terminal, bootstrap rejects a wrong flag before it asks the first question", async () => {
  const { context } = simulatedContext(emptyPrograms());
  const { ask, asked } = terminal();
  await expect(
    bootstrap({ ...context, ask }, { answers: { ...answers, origin: "ada.dev" }, ...without }),
  ).rejects.toThrow(/^--origin must be an https origin/);
  expect(asked).toEqual([]);
});

it("bootstrap changes nothing when the confirmation is no", async () => {
  const programs = emptyPrograms();
  const { context, file } = simulatedContext(programs);
  const { ask } = terminal("no");
  await expect(
    bootstrap({ ...context, ask }, { answers: { ...answers, region: "northeurope", reviewer: "no" }, ...without }),
  ).rejects.toThrow("nothing was changed");
  unchanged(programs);
  expect(existsSync(file)).toBe(false);
});
