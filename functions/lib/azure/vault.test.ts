// Secrets through the real client, against the local vault.
import { createServer } from "node:net";
import { SecretClient } from "@azure/keyvault-secrets";
import { expect, test } from "vitest";
import { createSigningKeys, generateSigningKeys, parseSigningKeys } from "../access/signing-keys.ts";
import { createCredential } from "./credential.ts";
import { createVault } from "./vault.ts";

const credential = createCredential(undefined);
const vault = createVault(process.env.VAULT_URI as string, credential);
const newName = () => `test-${crypto.randomUUID()}`;

test("a secret that is not there is undefined, not an error", async () => {
  expect(await vault.read(newName())).toBeUndefined();
});

test("what was written last is read", async () => {
  const name = newName();
  await vault.write(name, "one");
  expect(await vault.read(name)).toBe("one");
  await vault.write(name, "two, with ümläuts");
  expect(await vault.read(name)).toBe("two, with ümläuts");
});

test("a name that is soft-deleted reads as absent, and writing it is CONFLICT with what to do", async () => {
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

test("a vault that refuses is DEPENDENCY_UNAVAILABLE with its cause, and the message never shows the value", async () => {
  await expect(vault.read("not/a/name")).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  const failure = vault.write(newName(), "hunter2".repeat(5_000));
  await expect(failure).rejects.toMatchObject({
    code: "DEPENDENCY_UNAVAILABLE",
    message: expect.not.stringContaining("hunter2"),
    cause: { statusCode: 400 },
    headers: { "Retry-After": "5" },
  });
});

test("a vault that does not answer is DEPENDENCY_UNAVAILABLE", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const gone = createVault(`https://127.0.0.1:${port}`, credential);
  await expect(gone.read("x")).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", cause: expect.any(Error) });
  const keys = createSigningKeys(() => gone.read("x"));
  await expect(keys()).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
});

test("signing keys are kept in the vault as they were made", async () => {
  const name = newName();
  const made = await generateSigningKeys();
  await vault.write(name, made);
  expect(await createSigningKeys(() => vault.read(name))()).toEqual(parseSigningKeys(made));
});
