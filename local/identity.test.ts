// The identity endpoint, through the credentials that the app uses and by plain requests.
import { DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { expect, test } from "vitest";

const { IDENTITY_ENDPOINT = "", IDENTITY_HEADER = "" } = process.env;
const claims = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
const call = (query: string, headers: Record<string, string> = { "X-IDENTITY-HEADER": IDENTITY_HEADER }) =>
  fetch(`${IDENTITY_ENDPOINT}?${query}`, { headers });

test("DefaultAzureCredential gets a token for the requested resource", async () => {
  const { token, expiresOnTimestamp } = await new DefaultAzureCredential().getToken("https://vault.azure.net/.default");
  expect(claims(token).aud).toBe("https://vault.azure.net");
  expect(expiresOnTimestamp).toBeGreaterThan(Date.now() + 60 * 60 * 1000);
});

test("ManagedIdentityCredential gets a token for the user-assigned identity of its client id", async () => {
  const clientId = "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11";
  const { token } = await new ManagedIdentityCredential({ clientId }).getToken("https://storage.azure.com/.default");
  expect(claims(token)).toMatchObject({ aud: "https://storage.azure.com", appid: clientId });
});

test("the identity response has the fields and types of App Service", async () => {
  const response = await call("api-version=2019-08-01&resource=https://storage.azure.com&client_id=abc");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    client_id: "abc",
    expires_on: expect.stringMatching(/^\d{10}$/),
    resource: "https://storage.azure.com",
    token_type: "Bearer",
  });
});

test("the identity endpoint rejects a missing or wrong X-IDENTITY-HEADER with 401", async () => {
  const query = "api-version=2019-08-01&resource=https://storage.azure.com";
  expect((await call(query, {})).status).toBe(401);
  expect((await call(query, { "X-IDENTITY-HEADER": `${IDENTITY_HEADER}0` })).status).toBe(401);
});

test("the identity endpoint rejects a missing resource, another version and another path", async () => {
  expect((await call("api-version=2019-08-01")).status).toBe(400);
  expect((await call("api-version=2017-09-01&resource=https://storage.azure.com")).status).toBe(400);
  const other = new URL("/other", IDENTITY_ENDPOINT);
  expect((await fetch(other, { headers: { "X-IDENTITY-HEADER": IDENTITY_HEADER } })).status).toBe(404);
});
