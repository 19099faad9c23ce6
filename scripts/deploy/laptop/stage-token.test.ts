// npm run token -- --stage: the token, its limits, and what a person without login, vault or role reads.
import { decodeJwt } from "jose";
import { expect, it } from "vitest";
import { readConfig } from "../../../infra/config.ts";
import { namesOf } from "../../../infra/naming.ts";
import { AzureError, SUBSCRIPTION } from "../azure-cli.fixture.ts";
import { createAz } from "../command.ts";
import { createVersion, runKeyVault } from "../deployment/key-vault.fixture.ts";
import { stageToken } from "./stage-token.ts";

const { vault } = namesOf("production", SUBSCRIPTION, readConfig("production").region);

/** @param fails the error of each call to the vault */
function azOf(fails?: string, account: object | undefined = { name: "ada@ada.dev", type: "user" }) {
  const calls: string[] = [];
  const az = createAz(async (_, args) => {
    calls.push(args.join(" "));
    const respond = async () => {
      if (args[0] === "account" && !account) throw new AzureError("Please run 'az login' to setup account.");
      if (args[0] === "account") return { id: SUBSCRIPTION, tenantId: "t", user: account };
      if (args[0] === "ad") return "o";
      if (fails) throw new AzureError(fails);
      const versions = [await createVersion("a", Date.now() - 3_600_000)];
      return runKeyVault({ name: vault, versions }, args.slice(0, args.indexOf("--output")));
    };
    return respond().then(
      (value) => ({ code: 0, stdout: JSON.stringify(value), stderr: "" }),
      (error: Error) => ({ code: 1, stdout: "", stderr: error.message }),
    );
  });
  return { az, calls };
}

it.each([
  [undefined, undefined, 900, "owner"],
  ["60", "viewer", 60, "viewer"],
])(
  "stageToken with --expires-in %s and --role %s lasts %i seconds for %s",
  async (expiresIn, role, seconds, expected) => {
    const payload = decodeJwt(await stageToken(azOf().az, { stageName: "production", expiresIn, role }));
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(seconds);
    expect(payload).toMatchObject({ sub: "owner", role: expected });
  },
);

it.each([
  [{ stageName: "prod" }, 'received "prod"'],
  [{ stageName: "production", expiresIn: "901" }, '--expires-in must be 1 to 900 seconds for a stage, received "901".'],
  [{ stageName: "production", expiresIn: "1h" }, 'received "1h".'],
  [{ stageName: "production", role: "king" }, '--role must be one of owner, editor, viewer, received "king".'],
])("stageToken rejects %j before it calls Azure", async (options, expected) => {
  const { az, calls } = azOf();
  await expect(stageToken(az, options)).rejects.toThrow(expected);
  expect(calls).toEqual([]);
});

it.each([
  [
    "(Forbidden) Caller is not authorized to perform action on resource. Code: ForbiddenByRbac",
    /^ada@ada\.dev may not read secrets of vitae\w+\. The role is Key Vault Secrets Officer.*npm run bootstrap -- --operator ada@ada\.dev$/,
  ],
  [
    "<urllib3.connection.HTTPSConnection>: Failed to resolve 'v.vault.azure.net' ([Errno -2] Name or service not known)",
    /^There is no vault vitae\w+: production is not deployed in the subscription/,
  ],
  ["(InternalServerError) Try later.", /InternalServerError/],
])("stageToken explains %s", async (fails, expected) => {
  await expect(stageToken(azOf(fails).az, { stageName: "production" })).rejects.toThrow(expected);
});

it("stageToken names az login when no one is logged in", async () => {
  await expect(stageToken(azOf(undefined, null as unknown as object).az, { stageName: "production" })).rejects.toThrow(
    "Run: az login",
  );
});
