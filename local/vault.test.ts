// The local vault through the real client, and its errors by code.
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
import { readSecret } from "./vault-file.ts";

const { VAULT_URI = "", NODE_EXTRA_CA_CERTS = "" } = process.env;
const client = new SecretClient(VAULT_URI, new DefaultAzureCredential(), {
  disableChallengeResourceVerification: true,
  retryOptions: { maxRetries: 0 },
});
const newName = () => `test-${randomUUID()}`;

test("returns the latest version of a secret, and an older one on request", async () => {
  const name = newName();
  const first = await client.setSecret(name, "one");
  await client.setSecret(name, "two");
  expect((await client.getSecret(name)).value).toBe("two");
  const old = await client.getSecret(name, { version: first.properties.version ?? "" });
  expect(old).toMatchObject({ value: "one", properties: { enabled: true } });
});

test("lists versions in pages and not by time, and rejects a read of a disabled version with 403", async () => {
  const name = newName();
  const created: (string | undefined)[] = [];
  for (let each = 0; each < 27; each++) created.push((await client.setSecret(name, `${each}`)).properties.version);
  const pages: number[] = [];
  const listed: (string | undefined)[] = [];
  for await (const page of client.listPropertiesOfSecretVersions(name).byPage()) {
    pages.push(page.length);
    listed.push(...page.map(({ version }) => version));
  }
  expect(pages).toEqual([25, 2]);
  expect(listed).toEqual(created.toSorted());

  const [first = ""] = created;
  await client.updateSecretProperties(name, first, { enabled: false });
  await expect(client.getSecret(name, { version: first })).rejects.toMatchObject({
    statusCode: 403,
    code: "Forbidden",
    details: { error: { innerError: { code: "SecretDisabled" } } },
  });
  expect((await client.getSecret(name)).value).toBe("26");
});

test("returns 404 for a deleted secret and rejects a new value for it with 409", async () => {
  const name = newName();
  await client.setSecret(name, "one");
  await (await client.beginDeleteSecret(name)).pollUntilDone();
  await expect(client.getSecret(name)).rejects.toMatchObject({ statusCode: 404, code: "SecretNotFound" });
  await expect(client.setSecret(name, "two")).rejects.toMatchObject({ statusCode: 409, code: "Conflict" });
});

test("rejects wrong names, oversized values, unknown names and operations it does not implement by code", async () => {
  const badParameter = { statusCode: 400, code: "BadParameter" };
  await expect(client.setSecret("under_score", "x")).rejects.toMatchObject(badParameter);
  await expect(client.setSecret("a".repeat(128), "x")).rejects.toMatchObject(badParameter);
  await expect(client.setSecret(newName(), "x".repeat(25_601))).rejects.toMatchObject(badParameter);
  await expect(client.getSecret(newName())).rejects.toMatchObject({ statusCode: 404, code: "SecretNotFound" });
  await expect(client.purgeDeletedSecret(newName())).rejects.toMatchObject({ statusCode: 501, code: "NotImplemented" });
});

test("responds with the challenge to every call without a valid token for the vault", async () => {
  const elsewhere = await new DefaultAzureCredential().getToken("https://storage.azure.com/.default");
  const expired = { audience: "https://vault.azure.net", clientId: "a", expires: 1, secret: randomBytes(32) };
  const forged = { ...expired, expires: 9_999_999_999 };
  for (const token of [undefined, "nonsense", elsewhere.token, issueToken(expired), issueToken(forged)]) {
    const response = await fetch(`${VAULT_URI}/secrets/a?api-version=7.6`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(
      /^Bearer authorization=".+", resource="https:\/\/vault.azure.net"$/,
    );
    expect(await response.json()).toMatchObject({ error: { code: "Unauthorized" } });
  }
});

test("rejects an expired token of the identity, and keeps secrets in a private file across restarts", async () => {
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
    const response = await fetch(`${vault.uri}/secrets/kept`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(method === "PUT" ? { body: JSON.stringify({ value: "v" }) } : {}),
    });
    const body: unknown = await response.json();
    await vault.close();
    return { status: response.status, body };
  };
  expect(await call("PUT", now - 1)).toMatchObject({ status: 401 });
  expect(await call("PUT", now + 60)).toMatchObject({ status: 200 });
  expect(await call("GET", now + 60)).toMatchObject({ status: 200, body: { value: "v" } });
  expect(readSecret(options.file, "kept")).toBe("v");
  expect(statSync(options.file).mode & 0o777).toBe(0o600);
});
