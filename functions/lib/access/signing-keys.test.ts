// The format of the keys in the vault, and how often the vault is read.
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { createSigningKeys, generateSigningKeys, parseSigningKeys } from "./signing-keys.ts";

const internal = expect.objectContaining({ code: "INTERNAL" });
const unavailable = expect.objectContaining({ code: "DEPENDENCY_UNAVAILABLE" });

describe("signing key set", () => {
  it("contains one new private key when generated", async () => {
    const [one, other] = await Promise.all([generateSigningKeys(), generateSigningKeys()]);
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

  it.each<[string, (key: Record<string, unknown>) => unknown]>([
    ["an empty set", () => ({ keys: [] })],
    ["a key without a private part", ({ d: _, ...key }) => ({ keys: [key] })],
    ["a key of another curve", (key) => ({ keys: [{ ...key, crv: "X25519" }] })],
    ["a symmetric key", ({ kid }) => ({ keys: [{ kty: "oct", k: "c2VjcmV0", kid }] })],
    ["a truncated key", (key) => ({ keys: [{ ...key, d: String(key.d).slice(1) }] })],
    ["a key without an id", ({ kid: _, ...key }) => ({ keys: [key] })],
    ["a key instead of a set", (key) => key],
  ])("parsing rejects %s as INTERNAL without quoting it", async (_, damage) => {
    const key = parseSigningKeys(await generateSigningKeys())[0];
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

describe("signing key cache", () => {
  async function vaultOf() {
    const first = await generateSigningKeys();
    const state = { value: first as string | undefined, reads: 0, time: 0, error: undefined as Error | undefined };
    const keys = createSigningKeys(
      async () => {
        state.reads++;
        if (state.error) throw state.error;
        return state.value;
      },
      () => state.time,
    );
    return { state, keys, kid: parseSigningKeys(first)[0].kid };
  }
  const down = new AppError("DEPENDENCY_UNAVAILABLE", "Key Vault failed");

  it("reads the vault once for concurrent callers and keeps the keys for five minutes", async () => {
    const { state, keys, kid } = await vaultOf();
    await Promise.all(Array.from({ length: 50 }, (_, index) => keys(index % 2 ? kid : undefined)));
    expect(state.reads).toBe(1);
    state.time = 299_999;
    await keys(kid);
    expect(state.reads).toBe(1);
    state.time = 300_000;
    await Promise.all([keys(kid), keys()]);
    expect(state.reads).toBe(2);
  });

  it("reads the vault again after the cool-down when a token names a key that was just rotated in", async () => {
    const { state, keys } = await vaultOf();
    await keys();
    const rotated = await generateSigningKeys();
    state.value = rotated;
    const { kid } = parseSigningKeys(rotated)[0];
    expect((await keys(kid)).some((key) => key.kid === kid)).toBe(false);
    state.time = 10_000;
    expect((await keys(kid)).some((key) => key.kid === kid)).toBe(true);
  });

  it.each([
    ["works", undefined],
    ["fails", down],
  ])("reads the vault once in ten seconds for any number of unknown ids while the vault %s", async (_, error) => {
    const { state, keys } = await vaultOf();
    await keys();
    state.error = error;
    for (state.time = 10_000; state.time < 70_000; state.time += 100)
      await keys(crypto.randomUUID()).catch((thrown: unknown) => expect(thrown).toEqual(unavailable));
    expect(state.reads).toBe(1 + 6);
  });

  it("fails while the vault fails and nothing is cached, and recovers with it", async () => {
    const { state, keys, kid } = await vaultOf();
    state.error = down;
    await expect(Promise.all([keys(), keys(kid)])).rejects.toEqual(unavailable);
    expect(state.reads).toBe(1);
    state.error = undefined;
    expect((await keys())[0].kid).toBe(kid);
  });

  it("fails with DEPENDENCY_UNAVAILABLE, Retry-After and the name of seed-entity when the secret does not exist", async () => {
    const { state, keys } = await vaultOf();
    state.value = undefined;
    const failure = await keys().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", headers: { "Retry-After": "30" } });
    expect((failure as AppError).message).toContain("seed-entity");
  });
});
