// seed-entity with the settings of a deployment and the Azure CLI's login.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import { emailSchema } from "../../functions/lib/access/roster.ts";
import { readSettings } from "../../functions/lib/settings.ts";
import { runDeployment } from "./deployment.fixture.ts";
import { seedSettings } from "./seed-deployment.ts";
import { createStage } from "./simulated-stage.fixture.ts";
import { installStandIn } from "./stand-in.fixture.ts";

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

it("seed-entity uses a token from az, without managed identity, key or secret", async () => {
  await using az = await installStandIn("az", "az-login.ts");
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER, ...services } = process.env;
  const page = `p${randomUUID()}`;
  const { AZURE_TOKEN_CREDENTIALS, AZURE_CLIENT_ID, OWNER_EMAIL } = seedSettings(createStage().target);
  const env = {
    ...services,
    ...{ AZURE_TOKEN_CREDENTIALS, AZURE_CLIENT_ID, OWNER_EMAIL, PAGES: page, PATH: az.PATH },
    ...{ LOGIN_ENDPOINT: IDENTITY_ENDPOINT, LOGIN_HEADER: IDENTITY_HEADER },
  };
  const program = join(import.meta.dirname, "..", "..", "seed-entity", "main.ts");
  const outcome = await new Promise((resolve) =>
    execFile(process.execPath, [program, "--start-at", "5"], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, first: stdout.split("\n")[0], stderr }),
    ),
  );
  expect(outcome).toEqual({ code: 0, first: `visits of "${page}": created at 5`, stderr: "" });
});
