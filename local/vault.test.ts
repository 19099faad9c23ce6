// The vault through the real client, and its refusals by code.
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DefaultAzureCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { expect, onTestFinished, test } from "vitest";
import { loadCertificate } from "./certificate.ts";
import { issueToken } from "./identity.ts";
import { startVault } from "./vault.ts";
import { readSecret } from "./vault-secrets.ts";

const { VAULT_URI = "", NODE_EXTRA_CA_CERTS = "" } = process.env;
const client = new SecretClient(VAULT_URI, new DefaultAzureCredential(), {
  disableChallengeResourceVerification: true,
  retryOptions: { maxRetries: 0 },
});
const newName = () => `test-${randomUUID()}`;

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of list) found.push(each);
  return found;
}

test("a secret is read by name and by version, the newest first by name", async () => {
  const name = newName();
  const first = await client.setSecret(name, "one", { contentType: "text/plain", tags: { a: "b" } });
  await client.setSecret(name, "two");
  expect((await client.getSecret(name)).value).toBe("two");
  const old = await client.getSecret(name, { version: first.properties.version ?? "" });
  expect(old).toMatchObject({
    value: "one",
    properties: { contentType: "text/plain", tags: { a: "b" }, enabled: true },
  });
});

test("versions and secrets are listed without their values", async () => {
  const name = newName();
  await client.setSecret(name, "one");
  await client.setSecret(name, "two");
  const versions = await all(client.listPropertiesOfSecretVersions(name));
  expect(new Set(versions.map(({ version }) => version)).size).toBe(2);
  const names = (await all(client.listPropertiesOfSecrets())).map((each) => each.name);
  expect(names.filter((each) => each === name)).toHaveLength(1);
});

test("properties are updated, and a disabled version is not handed out", async () => {
  const name = newName();
  const { properties } = await client.setSecret(name, "one");
  const version = properties.version ?? "";
  const expiresOn = new Date("2030-01-01T00:00:00Z");
  expect(await client.updateSecretProperties(name, version, { enabled: false, expiresOn })).toMatchObject({
    enabled: false,
    expiresOn,
  });
  await expect(client.getSecret(name)).rejects.toMatchObject({ statusCode: 403, code: "Forbidden" });
  await client.updateSecretProperties(name, version, { enabled: true });
  expect((await client.getSecret(name)).value).toBe("one");
});

test("a deleted name is gone, answers 409 to a set, and comes back when recovered", async () => {
  const name = newName();
  await client.setSecret(name, "one");
  await (await client.beginDeleteSecret(name)).pollUntilDone();
  await expect(client.getSecret(name)).rejects.toMatchObject({ statusCode: 404, code: "SecretNotFound" });
  const refused = await client.setSecret(name, "two").catch((error) => error);
  expect(refused).toMatchObject({ statusCode: 409, code: "Conflict" });
  expect(refused.details.error.innerError.code).toBe("ObjectIsDeletedButRecoverable");
  expect((await client.getDeletedSecret(name)).recoveryId).toBe(`${VAULT_URI}/deletedsecrets/${name}`);
  expect((await all(client.listDeletedSecrets())).map((each) => each.name)).toContain(name);
  await (await client.beginRecoverDeletedSecret(name)).pollUntilDone();
  expect((await client.getSecret(name)).value).toBe("one");
});

test("a purged name is free again", async () => {
  const name = newName();
  await client.setSecret(name, "one");
  await (await client.beginDeleteSecret(name)).pollUntilDone();
  await client.purgeDeletedSecret(name);
  await expect(client.getDeletedSecret(name)).rejects.toMatchObject({ statusCode: 404 });
  await client.setSecret(name, "two");
  expect(await all(client.listPropertiesOfSecretVersions(name))).toHaveLength(1);
});

test("wrong names, values that are too long and unknown names are refused by code", async () => {
  const badParameter = { statusCode: 400, code: "BadParameter" };
  await expect(client.setSecret("under_score", "x")).rejects.toMatchObject(badParameter);
  await expect(client.setSecret("a".repeat(128), "x")).rejects.toMatchObject(badParameter);
  await expect(client.setSecret(newName(), "x".repeat(25_601))).rejects.toMatchObject(badParameter);
  await expect(client.setSecret(newName(), "x".repeat(300_000))).rejects.toMatchObject({ statusCode: 413 });
  await expect(client.getSecret(newName())).rejects.toMatchObject({ statusCode: 404, code: "SecretNotFound" });
});

test("every call without a good token for the vault gets the challenge", async () => {
  const elsewhere = await new DefaultAzureCredential().getToken("https://storage.azure.com/.default");
  const expired = { audience: "https://vault.azure.net", clientId: "a", expires: 1, secret: randomBytes(32) };
  const forged = { ...expired, expires: 9_999_999_999 };
  for (const token of [undefined, "nonsense", elsewhere.token, issueToken(expired), issueToken(forged)]) {
    const answer = await fetch(`${VAULT_URI}/secrets/a?api-version=7.6`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(
      /^Bearer authorization=".+", resource="https:\/\/vault.azure.net"$/,
    );
    expect(await answer.json()).toMatchObject({ error: { code: "Unauthorized" } });
  }
});

test("an expired token is refused though the identity signed it, and secrets outlive the vault in a private file", async () => {
  const dir = mkdtempSync(join(tmpdir(), "vitae-vault-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const options = {
    file: join(dir, "vault.json"),
    certificate: await loadCertificate(dirname(NODE_EXTRA_CA_CERTS)),
    secret: randomBytes(32),
  };
  const now = Math.floor(Date.now() / 1000);
  const call = async (method: "GET" | "PUT", expires: number) => {
    const vault = await startVault(options);
    const token = issueToken({ audience: "https://vault.azure.net", clientId: "a", expires, secret: options.secret });
    const answer = await fetch(`${vault.uri}/secrets/kept`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(method === "PUT" ? { body: JSON.stringify({ value: "v" }) } : {}),
    });
    const body: unknown = await answer.json();
    await vault.close();
    return { status: answer.status, body };
  };
  expect(await call("PUT", now - 1)).toMatchObject({ status: 401 });
  expect(await call("PUT", now + 60)).toMatchObject({ status: 200 });
  expect(await call("GET", now + 60)).toMatchObject({ status: 200, body: { value: "v" } });
  expect(readSecret(options.file, "kept")).toBe("v");
  expect(statSync(options.file).mode & 0o777).toBe(0o600);
});
