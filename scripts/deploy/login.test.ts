// Logging in with the token of a GitHub job.
import { expect, it } from "vitest";
import type { Run } from "./command.ts";
import { renewLogin } from "./login.ts";

const JOB = {
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://pipelines.test/token?api-version=2",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job-token",
  ARM_CLIENT_ID: "client",
  ARM_TENANT_ID: "tenant",
  ARM_SUBSCRIPTION_ID: "subscription",
};

function fakeServices(status = 200, code = 0) {
  const ran: string[] = [];
  const requests: string[] = [];
  const run: Run = async (command, args) => {
    ran.push([command, ...args].join(" "));
    return { code, stdout: "", stderr: "AADSTS70021: No matching federated identity record found" };
  };
  const fakeFetch: typeof fetch = async (address, init) => {
    requests.push(`${address} ${new Headers(init?.headers).get("authorization")}`);
    return Response.json({ value: "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2ln" }, { status });
  };
  return { ran, requests, context: { run, fetch: fakeFetch } };
}

it("renewLogin requests a token from GitHub and logs az in with it", async () => {
  const { ran, requests, context } = fakeServices();
  await renewLogin(context, JOB);
  expect(requests).toEqual([
    "https://pipelines.test/token?api-version=2&audience=api%3A%2F%2FAzureADTokenExchange Bearer job-token",
  ]);
  expect(ran[0]).toMatch(/^az login --service-principal --username client --tenant tenant --federated-token eyJ/);
  expect(ran[1]).toBe("az account set --subscription subscription");
});

it("renewLogin keeps a person's login outside a GitHub job", async () => {
  const { ran, requests, context } = fakeServices();
  await renewLogin(context, { ARM_CLIENT_ID: "client" });
  expect([ran, requests]).toEqual([[], []]);
});

it("renewLogin names the missing permission when GitHub issues no token", async () => {
  await expect(renewLogin(fakeServices(403).context, JOB)).rejects.toThrow(/status 403.*"id-token: write"/);
});

it("renewLogin prints no token when Azure rejects it", async () => {
  const message = await renewLogin(fakeServices(200, 1).context, JOB).catch(String);
  expect(message).toContain("AADSTS70021");
  expect(message).not.toContain("eyJ");
});
