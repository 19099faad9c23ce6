// Secrets with the real client against the local vault.
import { createServer } from "node:net";
import { SecretClient } from "@azure/keyvault-secrets";
import { expect, test } from "vitest";
import { vaultUri } from "../test-services.fixture.ts";
import { createCredential } from "./credential.ts";
import { createVault } from "./vault.ts";

const credential = createCredential(undefined);
const vault = createVault(vaultUri, credential);
const newName = () => `test-${crypto.randomUUID()}`;

test("vault.read returns undefined when the secret does not exist", async () => {
  expect(await vault.read(newName())).toBeUndefined();
});

test("vault.read returns the last written value", async () => {
  const name = newName();
  await vault.write(name, "one");
  expect(await vault.read(name)).toMatchObject({ value: "one" });
  const { version } = await vault.write(name, "two, with ümläuts");
  expect(await vault.read(name)).toEqual({ value: "two, with ümläuts", version });
});

test("vault.list returns every version with its time, and a disabled version has no value", async () => {
  const name = newName();
  expect(await vault.list(name)).toEqual([]);
  const one = await vault.write(name, "one");
  const two = await vault.write(name, "two");
  await vault.disable(name, one.version);
  await vault.disable(name, one.version);
  const listed = await vault.list(name);
  expect(listed).toHaveLength(2);
  expect(listed).toEqual(
    expect.arrayContaining([
      { ...one, enabled: false },
      { ...two, enabled: true },
    ]),
  );
  expect(await vault.readVersion(name, one.version)).toBeUndefined();
  expect(await vault.readVersion(name, two.version)).toBe("two");
});

test.each(["../other", "", "a/b", "0".repeat(33)])(
  "the version %j, which Key Vault does not generate, is unknown without a call",
  async (version) => {
    const down = createVault("https://127.0.0.1:1", credential);
    expect(await down.readVersion("x", version)).toBeUndefined();
    await down.disable("x", version);
  },
);

test("a vault call ends with its signal also while the identity does not respond", async () => {
  const stalled = createVault("https://127.0.0.1:1", { getToken: () => new Promise(() => {}) });
  const controller = new AbortController();
  const listed = stalled.list("x", controller.signal);
  controller.abort();
  await expect(listed).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
});

test("the vault reports the Date header of its responses", async () => {
  const dates: number[] = [];
  await createVault(vaultUri, credential, (date) => dates.push(date)).list(newName());
  expect(dates.length).toBeGreaterThan(0);
  expect(dates.every((date) => Math.abs(date - Date.now()) < 60_000)).toBe(true);
});

test("vault.read returns undefined and vault.write throws CONFLICT when the secret is soft-deleted", async () => {
  const name = newName();
  await vault.write(name, "one");
  const owner = new SecretClient(vaultUri, credential, {
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
  await expect(down.list("x")).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
});
