// The format of the keys in the vault.
import { describe, expect, it } from "vitest";
import type { AppError } from "../errors.ts";
import { generateSigningKey, parseSigningKeys, publicKeyOf } from "./signing-keys.ts";

const internal = expect.objectContaining({ code: "INTERNAL" });

describe("signing key", () => {
  it("contains one new private key when generated", async () => {
    const [one, other] = await Promise.all([generateSigningKey(), generateSigningKey()]);
    const [key, ...more] = parseSigningKeys(one);
    expect(more).toEqual([]);
    expect(key).toMatchObject({
      kty: "OKP",
      crv: "Ed25519",
      alg: "EdDSA",
      kid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(parseSigningKeys(other)[0].d).not.toBe(key.d);
  });

  it("parses a set of an earlier release with all its keys", async () => {
    const values = await Promise.all([generateSigningKey(), generateSigningKey()]);
    const keys = values.map((value) => parseSigningKeys(value)[0]);
    expect(parseSigningKeys(JSON.stringify({ keys }))).toEqual(keys);
  });

  it("publishes everything but the private part", async () => {
    const [key] = parseSigningKeys(await generateSigningKey());
    const { d, ...rest } = key;
    expect(publicKeyOf(key)).toEqual({ ...rest, use: "sig" });
    expect(JSON.stringify(publicKeyOf(key))).not.toContain(d);
  });

  it.each<[string, (key: Record<string, unknown>) => unknown]>([
    ["an empty set", () => ({ keys: [] })],
    ["a key without a private part", ({ d: _, ...key }) => ({ keys: [key] })],
    ["a key of another curve", (key) => ({ keys: [{ ...key, crv: "X25519" }] })],
    ["a symmetric key", ({ kid }) => ({ keys: [{ kty: "oct", k: "c2VjcmV0", kid }] })],
    ["a truncated key", (key) => ({ keys: [{ ...key, d: String(key.d).slice(1) }] })],
    ["a key without an id", ({ kid: _, ...key }) => ({ keys: [key] })],
    ["a set of eleven keys", (key) => ({ keys: Array.from({ length: 11 }, () => key) })],
    ["a key without a private part outside of a set", ({ d: _, ...key }) => key],
  ])("parsing rejects %s as INTERNAL without quoting it", async (_, damage) => {
    const key = parseSigningKeys(await generateSigningKey())[0];
    const value = JSON.stringify(damage(key));
    const thrown = await Promise.try(parseSigningKeys, value).catch((error: unknown) => error);
    expect(thrown).toEqual(internal);
    const { message, cause } = thrown as AppError;
    expect(cause).toBeUndefined();
    expect(message).not.toContain(key.x);
    expect(message).not.toContain(key.d);
  });

  it("parsing rejects text that is not JSON as INTERNAL without a cause, which would quote it", async () => {
    const thrown = await Promise.try(parseSigningKeys, "hunter2").catch((error: unknown) => error);
    expect(thrown).toEqual(internal);
    expect((thrown as AppError).message).not.toContain("hunter2");
    expect((thrown as AppError).cause).toBeUndefined();
  });
});
