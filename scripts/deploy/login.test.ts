// A job's own token becomes the login of az, again and again; a person's login is left alone.
import { expect, it } from "vitest";
import type { Run } from "./command.ts";
import { renewLogin } from "./login.ts";

const JOB = {
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://pipelines.test/token?api-version=2",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "asks",
  ARM_CLIENT_ID: "client",
  ARM_TENANT_ID: "tenant",
  ARM_SUBSCRIPTION_ID: "subscription",
};

function stand(status = 200, code = 0) {
  const ran: string[] = [];
  const asked: string[] = [];
  const run: Run = async (command, args) => {
    ran.push([command, ...args].join(" "));
    return { code, stdout: "", stderr: "AADSTS70021: No matching federated identity record found" };
  };
  const ask: typeof fetch = async (address, init) => {
    asked.push(`${address} ${new Headers(init?.headers).get("authorization")}`);
    return Response.json({ value: "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2ln" }, { status });
  };
  return { ran, asked, world: { run, fetch: ask } };
}

it("asks GitHub for a token for Azure, and logs az in with it", async () => {
  const { ran, asked, world } = stand();
  await renewLogin(world, JOB);
  expect(asked).toEqual([
    "https://pipelines.test/token?api-version=2&audience=api%3A%2F%2FAzureADTokenExchange Bearer asks",
  ]);
  expect(ran[0]).toMatch(/^az login --service-principal --username client --tenant tenant --federated-token eyJ/);
  expect(ran[1]).toBe("az account set --subscription subscription");
});

it("leaves the login at a terminal alone", async () => {
  const { ran, asked, world } = stand();
  await renewLogin(world, { ARM_CLIENT_ID: "client" });
  expect([ran, asked]).toEqual([[], []]);
});

it("says which permission is missing when GitHub gives none", async () => {
  await expect(renewLogin(stand(403).world, JOB)).rejects.toThrow(/answered 403. Has the job "id-token: write"/);
});

it("shows no token when Azure refuses it", async () => {
  const fault = await renewLogin(stand(200, 1).world, JOB).catch(String);
  expect(fault).toContain("AADSTS70021");
  expect(fault).not.toContain("eyJ");
});
