// Secrets with the real client against the local vault.
import { createServer } from "node:net";
import { SecretClient } from "@azure/keyvault-secrets";
import { expect, test } from "vitest";
import { createSigningKeys, generateSigningKeys, parseSigningKeys } from "../access/signing-keys.ts";
import { createCredential } from "./credential.ts";
import { createVault } from "./vault.ts";

const credential = createCredential(undefined);
const vault = createVault(process.env.VAULT_URI as string, credential);
const newName = () => `test-${crypto.randomUUID()}`;

test("vault.read returns undefined when the secret does not exist", async () => {
  expect(await vault.read(newName())).toBeUndefined();
});

test("vault.read returns the last written value", async () => {
  const name = newName();
  await vault.write(name, "one");
  expect(await vault.read(name)).toBe("one");
  await vault.write(name, "two, with ümläuts");
  expect(await vault.read(name)).toBe("two, with ümläuts");
});

test("vault.read returns undefined and vault.write throws CONFLICT when the secret is soft-deleted", async () => {
  const name = newName();
  await vault.write(name, "one");
  const owner = new SecretClient(process.env.VAULT_URI as string, credential, {
    disableChallengeResourceVerification: true,
  });
  await (await owner.beginDeleteSecret(name)).pollUntilDone();
  expect(await vault.read(name)).toBeUndefined();
  await expect(vault.write(name, "two")).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining("recover or purge"),
    cause: { statusCode: 409 },
  });
});

test("a rejected vault call throws DEPENDENCY_UNAVAILABLE with its cause and without the value", async () => {
  await expect(vault.read("not/a/name")).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  const failure = vault.write(newName(), "hunter2".repeat(5_000));
  await expect(failure).rejects.toMatchObject({
    code: "DEPENDENCY_UNAVAILABLE",
    message: expect.not.stringContaining("hunter2"),
    cause: { statusCode: 400 },
    headers: { "Retry-After": "5" },
  });
});

test("a vault that does not respond throws DEPENDENCY_UNAVAILABLE", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const down = createVault(`https://127.0.0.1:${port}`, credential);
  await expect(down.read("x")).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", cause: expect.any(Error) });
  const keys = createSigningKeys(() => down.read("x"));
  await expect(keys()).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
});

test("signing keys survive a round trip through the vault", async () => {
  const name = newName();
  const generated = await generateSigningKeys();
  await vault.write(name, generated);
  expect(await createSigningKeys(() => vault.read(name))()).toEqual(parseSigningKeys(generated));
});
