// seed-entity with the settings of a deployment: it logs in as az is logged in, and is an identity of nobody else.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSettings } from "../../functions/lib/settings.ts";
import { standIn } from "./fixtures/program.ts";
import { createStage } from "./fixtures/stage.ts";
import { seedSettings } from "./seed-stage.ts";

it.each(["production", "preview-7"])("gives %s settings that a deployment accepts", (stage) => {
  expect(readSettings(seedSettings(createStage(stage).target)).STAGE).toBe(stage);
});

it("seeds with a token that az gives, without managed identity, key or secret", async () => {
  await using az = await standIn("az", "az-login.ts");
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER, ...services } = process.env;
  const page = `p${randomUUID()}`;
  const { AZURE_TOKEN_CREDENTIALS, AZURE_CLIENT_ID } = seedSettings(createStage().target);
  const env = {
    ...services,
    ...{ AZURE_TOKEN_CREDENTIALS, AZURE_CLIENT_ID, PAGES: page, PATH: az.PATH },
    ...{ LOGIN_ENDPOINT: IDENTITY_ENDPOINT, LOGIN_HEADER: IDENTITY_HEADER },
  };
  const program = join(import.meta.dirname, "..", "..", "seed-entity", "main.ts");
  const outcome = await new Promise((resolve) =>
    execFile(process.execPath, [program, "--start-at", "5"], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, first: stdout.split("\n")[0], stderr }),
    ),
  );
  expect(outcome).toEqual({ code: 0, first: `visits of "${page}": created at 5`, stderr: "" });
}, 120_000);
