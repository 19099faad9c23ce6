// The keys' form in the vault, and how often the vault is asked for them.
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { createSigningKeys, generateSigningKeys, parseSigningKeys } from "./signing-keys.ts";

const internal = expect.objectContaining({ code: "INTERNAL" });
const unavailable = expect.objectContaining({ code: "DEPENDENCY_UNAVAILABLE" });

describe("a set of signing keys", () => {
  it("is made with one new private key, and read back", async () => {
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
    ["that is empty", () => ({ keys: [] })],
    ["without a private part", ({ d: _, ...key }) => ({ keys: [key] })],
    ["of another curve", (key) => ({ keys: [{ ...key, crv: "X25519" }] })],
    ["of a symmetric key", ({ kid }) => ({ keys: [{ kty: "oct", k: "c2VjcmV0", kid }] })],
    ["with a key cut short", (key) => ({ keys: [{ ...key, d: String(key.d).slice(1) }] })],
    ["without key ids", ({ kid: _, ...key }) => ({ keys: [key] })],
    ["that is one key", (key) => key],
  ])("%s is INTERNAL, and no text of it is told", async (_, damage) => {
    const key = parseSigningKeys(await generateSigningKeys())[0];
    const value = JSON.stringify(damage(key));
    const thrown = await Promise.try(parseSigningKeys, value).catch((error: unknown) => error);
    expect(thrown).toEqual(internal);
    const { message, cause } = thrown as AppError;
    expect(cause).toBeUndefined();
    expect(message).not.toContain(key.x);
    expect(message).not.toContain(key.d);
  });

  it("that is not JSON is INTERNAL without a cause, since a parser quotes what it reads", async () => {
    const thrown = await Promise.try(parseSigningKeys, "hunter2").catch((error: unknown) => error);
    expect(thrown).toEqual(internal);
    expect((thrown as AppError).message).not.toContain("hunter2");
    expect((thrown as AppError).cause).toBeUndefined();
  });
});

describe("signing keys from the vault", () => {
  async function vaultOf() {
    const first = await generateSigningKeys();
    const state = { value: first as string | undefined, reads: 0, time: 0, fault: undefined as Error | undefined };
    const keys = createSigningKeys(
      async () => {
        state.reads++;
        if (state.fault) throw state.fault;
        return state.value;
      },
      () => state.time,
    );
    return { state, keys, kid: parseSigningKeys(first)[0].kid };
  }
  const down = new AppError("DEPENDENCY_UNAVAILABLE", "Key Vault failed");

  it("are read once for all who ask at once, and kept for five minutes", async () => {
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

  it("are looked for again when a token names one that was just rotated in", async () => {
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
    ["answers", undefined],
    ["fails", down],
  ])("cost one read in ten seconds however many ids a caller invents, while the vault %s", async (_, fault) => {
    const { state, keys } = await vaultOf();
    await keys();
    state.fault = fault;
    for (state.time = 10_000; state.time < 70_000; state.time += 100)
      await keys(crypto.randomUUID()).catch((error: unknown) => expect(error).toEqual(unavailable));
    expect(state.reads).toBe(1 + 6);
  });

  it("fail with the vault while there are none, and are there when it is back", async () => {
    const { state, keys, kid } = await vaultOf();
    state.fault = down;
    await expect(Promise.all([keys(), keys(kid)])).rejects.toEqual(unavailable);
    expect(state.reads).toBe(1);
    state.fault = undefined;
    expect((await keys())[0].kid).toBe(kid);
  });

  it("that were never made are DEPENDENCY_UNAVAILABLE with Retry-After, and the log says what to run", async () => {
    const { state, keys } = await vaultOf();
    state.value = undefined;
    const failure = await keys().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "DEPENDENCY_UNAVAILABLE", headers: { "Retry-After": "30" } });
    expect((failure as AppError).message).toContain("seed-entity");
  });
});
