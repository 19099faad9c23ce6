// The settings that seed-entity gets from a deployment, and the roles that it runs with.
import { expect, it } from "vitest";
import { emailSchema } from "../../../functions/lib/access/roster.ts";
import { readSettings } from "../../../functions/lib/settings.ts";
import { runDeployment } from "./deployment.fixture.ts";
import { seedSettings } from "./seed-deployment.ts";
import { createStage } from "./simulated-stage.fixture.ts";

it.each(["production", "preview-7"])("seedSettings of %s are valid deployment settings", (stage) => {
  expect(readSettings(seedSettings(createStage(stage).target)).STAGE).toBe(stage);
});

it("seedSettings name the owner of production, and a reserved address for a preview, in the form that the app accepts", () => {
  const { target } = createStage();
  const { OWNER_EMAIL: preview } = seedSettings(createStage("preview-7").target);
  expect(seedSettings(target).OWNER_EMAIL).toBe(target.config.ownerEmail);
  expect(preview).toMatch(/@preview\.invalid$/);
  for (const email of [target.config.ownerEmail, preview]) expect(emailSchema.parse(email)).toBe(email);
});

it("the deployer's roles cover all tables and the whole vault while it seeds", async () => {
  const stage = createStage();
  await runDeployment(stage);
  const { cosmosAccount, vault } = stage.target.names;
  const account = `/providers/Microsoft.DocumentDB/databaseAccounts/${cosmosAccount}"`;
  expect(stage.state.commands.filter((line) => line.includes("--method put"))).toEqual([
    expect.stringMatching(new RegExp(`"scope":"\\S+${account}`)),
  ]);
  expect(stage.state.commands.filter((line) => line.startsWith("az role assignment create"))).toEqual([
    expect.stringMatching(new RegExp(`--scope vaults/${vault} `)),
  ]);
});
