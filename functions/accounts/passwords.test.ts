// Passwords: what a hash looks like, which stored ones are accepted, and what happens without crypto.argon2.
import crypto from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { createHeavyWork } from "../lib/heavy-work.ts";
import { createPasswords, findHashingIssue } from "./passwords.ts";

const PASSWORD = "violet anchor mill 7";
const errors: string[] = [];
const log = { ...console, error: (message: string) => void errors.push(message) };
const { hashes: gate } = createHeavyWork();
const passwords = createPasswords({ gate, log });

/** A hash made by other parameters than ours. */
function hashWith(parameters: { memory: number; passes: number; parallelism: number }): string {
  const nonce = crypto.randomBytes(16);
  const tag = crypto.argon2Sync("argon2id", { message: PASSWORD, nonce, tagLength: 32, ...parameters });
  const [salt, hash] = [nonce, tag].map((bytes) => bytes.toString("base64").replace(/=+$/, ""));
  const { memory, passes, parallelism } = parameters;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${salt}$${hash}`;
}

describe("hash", () => {
  it("hash returns a PHC string with 19 MiB, two passes, a salt of 16 bytes and a tag of 32", async () => {
    const stored = await passwords.hash(PASSWORD);
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await passwords.hash(PASSWORD)).not.toBe(stored);
    expect(await passwords.verify(PASSWORD, stored)).toEqual({ isValid: true });
    expect(await passwords.verify(`${PASSWORD} `, stored)).toEqual({ isValid: false });
  });

  it("verify accepts a password that the client composed differently", async () => {
    const stored = await passwords.hash("zażółć gęślą jaźń".normalize("NFC"));
    expect(await passwords.verify("zażółć gęślą jaźń".normalize("NFD"), stored)).toEqual({ isValid: true });
  });

  it("hash rejects a common password without repeating it", async () => {
    const rejected = passwords.hash("Password1234!", "newPassword");
    await expect(rejected).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      details: [{ path: "body.newPassword" }],
    });
    await expect(rejected).rejects.not.toThrow(/Password1234/);
  });
});

describe("verify", () => {
  it("verify returns a hash of the current parameters for a stored one with lower parameters", async () => {
    const lower = hashWith({ memory: 64, passes: 1, parallelism: 1 });
    const { isValid, upgraded } = await passwords.verify(PASSWORD, lower);
    expect([isValid, upgraded]).toEqual([true, expect.stringContaining("m=19456,t=2,p=1")]);
    expect(await passwords.verify(PASSWORD, upgraded)).toEqual({ isValid: true });
    expect(await passwords.verify("another password", lower)).toEqual({ isValid: false });
  });

  const valid = hashWith({ memory: 19_456, passes: 2, parallelism: 1 });
  it.each([
    ["more memory", hashWith({ memory: 19_460, passes: 1, parallelism: 1 })],
    ["more passes", hashWith({ memory: 64, passes: 3, parallelism: 1 })],
    ["more lanes", hashWith({ memory: 64, passes: 1, parallelism: 2 })],
    ["too little memory", valid.replace("m=19456", "m=7")],
    ["another algorithm", valid.replace("argon2id", "argon2i")],
    ["another version", valid.replace("v=19", "v=16")],
    ["a leading zero", valid.replace("t=2", "t=02")],
    ["an unknown parameter", valid.replace("p=1", "p=1,keyid=a")],
    ["padding", `${valid}=`],
    ["text after it", `${valid}\n`],
    ["no hash at all", ""],
  ])("verify rejects a stored hash with %s, logs it, and does the work of an unknown user", async (_, stored) => {
    errors.length = 0;
    const argon2 = vi.fn(crypto.argon2);
    const { verify } = createPasswords({ gate, log, runtime: { argon2: argon2 as typeof crypto.argon2 } });
    expect(await verify(PASSWORD, stored)).toEqual({ isValid: false });
    expect(argon2.mock.calls.map(([, { memory, passes }]) => [memory, passes])).toEqual([[19_456, 2]]);
    expect(errors).toEqual(["password-hash-invalid"]);
  });

  it("verify without a stored hash does the work of a stored one and returns false", async () => {
    const argon2 = vi.fn(crypto.argon2);
    const { verify } = createPasswords({ gate, log, runtime: { argon2: argon2 as typeof crypto.argon2 } });
    expect(await verify(PASSWORD, undefined)).toEqual({ isValid: false });
    expect(await verify(PASSWORD, valid)).toEqual({ isValid: true });
    const [unknown, known] = argon2.mock.calls.map(([, { nonce: _, ...parameters }]) => parameters);
    expect(unknown).toEqual(known);
  });
});

describe("without crypto.argon2", () => {
  it("hash and verify reject with DEPENDENCY_UNAVAILABLE, and findHashingIssue names the version", async () => {
    const { hash, verify } = createPasswords({ gate, log, runtime: {} });
    const unavailable = { code: "DEPENDENCY_UNAVAILABLE", message: expect.stringContaining(process.versions.node) };
    await expect(hash(PASSWORD)).rejects.toMatchObject(unavailable);
    await expect(verify(PASSWORD, undefined)).rejects.toMatchObject(unavailable);
    expect([findHashingIssue(), findHashingIssue({})]).toEqual([
      undefined,
      expect.stringMatching(/^Node\.js .* 24\.7/),
    ]);
  });
});
