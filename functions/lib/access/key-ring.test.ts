// How often an instance reads the vault, and what it still accepts when the vault fails.
import { expect, it } from "vitest";
import { allCalls, createMemoryVault } from "../azure/memory-vault.fixture.ts";
import type { Log } from "../log.ts";
import { secrets } from "../names.ts";
import { createStoreClock, startStopwatch } from "../store-clock.ts";
import { createKeyRing } from "./key-ring.ts";
import { generateSigningKey, parseSigningKeys } from "./signing-keys.ts";
import { createTokenIssuer, createTokenVerifier } from "./token.ts";

const MINUTE = 60_000;
const unavailable = expect.objectContaining({ code: "DEPENDENCY_UNAVAILABLE" });
const unauthenticated = expect.objectContaining({ code: "UNAUTHENTICATED" });

async function start({ seeded = true } = {}) {
  const time = { now: 1_800_000_000_000 };
  const clocks = [() => time.now, () => time.now] as const;
  const vault = createMemoryVault(() => time.now);
  const errors: unknown[] = [];
  const log = { error: (_: string, fields: unknown) => errors.push(fields) } as unknown as Log;
  const clock = createStoreClock(...clocks);
  const ring = createKeyRing({ vault, clock, log, stopwatch: () => startStopwatch(...clocks) });
  const parties = { issuer: "vitae", audience: "vitae", clock };
  const issueToken = createTokenIssuer(ring, parties);
  const add = async (value?: string) => {
    const written = value ?? (await generateSigningKey());
    return { ...(await vault.write(secrets.signingKeys, written)), value: written };
  };
  const kidOf = ({ value }: { value: string }) => parseSigningKeys(value)[0].kid;
  return {
    vault,
    ring,
    errors,
    add,
    kidOf,
    first: seeded ? await add() : undefined,
    wait: (ms: number) => {
      time.now += ms;
    },
    issue: async () => (await issueToken({ subject: "ada", role: "owner", session: "s" })).token,
    verify: createTokenVerifier(ring, parties),
  };
}

it("lists the versions once a minute, and reads each version once", async () => {
  const { vault, wait, issue, verify } = await start();
  const token = await issue();
  await Promise.all(Array.from({ length: 50 }, () => verify(token)));
  wait(59_999);
  await verify(token);
  expect(vault.calls).toMatchObject({ list: 1, readVersion: 1 });
  wait(1);
  await Promise.all([verify(token), issue()]);
  expect(vault.calls).toMatchObject({ list: 2, readVersion: 1 });
});

it("accepts a token until 15 minutes and 30 seconds after its issue, and no longer", async () => {
  const { wait, issue, verify } = await start();
  const token = await issue();
  wait(15.5 * MINUTE - 1);
  expect(await verify(token)).toMatchObject({ subject: "ada" });
  wait(1000);
  await expect(verify(token)).rejects.toEqual(unauthenticated);
});

it("lists once in ten seconds for any number of unknown or path-like ids, and reads nothing by their name", async () => {
  const { vault, ring, wait, first } = await start();
  for (let index = 0; index < 600; index++) {
    expect(await ring.find(index % 2 ? crypto.randomUUID() : "../../owner-password")).toBeUndefined();
    wait(100);
  }
  expect(vault.calls.list).toBe(6);
  expect(vault.versionsRead).toEqual([first?.version]);
});

it("accepts a token of a key that another instance revoked the others for, after ten seconds at most", async () => {
  const { vault, ring, add, kidOf, first, wait } = await start();
  await ring.signingKey();
  const second = await add();
  await vault.disable(secrets.signingKeys, first?.version ?? "");
  wait(10_000);
  expect(await ring.find(kidOf(second))).toMatchObject({ kid: kidOf(second) });
  expect(await ring.find(kidOf(first as typeof second))).toBeUndefined();
  expect((await ring.signingKey()).kid).toBe(kidOf(second));
});

it("a failing vault ends signing after ten minutes and verifying after an hour, and an unknown id is unavailable", async () => {
  const { vault, ring, wait, issue, first, kidOf } = await start();
  const kid = kidOf(first as NonNullable<typeof first>);
  await issue();
  vault.down = allCalls;
  wait(10 * MINUTE - 1);
  await issue();
  wait(1);
  await expect(issue()).rejects.toEqual(unavailable);
  expect(await ring.find(kid)).toMatchObject({ kid });
  await expect(ring.find("unknown")).rejects.toEqual(unavailable);
  wait(50 * MINUTE - 1);
  expect(await ring.find(kid)).toMatchObject({ kid });
  wait(1);
  await expect(ring.find(kid)).rejects.toEqual(unavailable);
  vault.down = [];
  wait(1_000);
  await issue();
  expect(await ring.find("unknown")).toBeUndefined();
});

it("tries a failing vault once in ten seconds, and only the first caller of a minute waits for it", async () => {
  const { vault, ring, wait, first, kidOf } = await start();
  const kid = kidOf(first as NonNullable<typeof first>);
  await ring.find(kid);
  vault.down = allCalls;
  wait(MINUTE);
  for (let second = 0; second < 60; second++) {
    expect(await ring.find(kid)).toMatchObject({ kid });
    wait(1_000);
  }
  expect(vault.calls.list).toBe(1 + 6);
});

it("is unavailable while the vault fails at the start, and recovers within a second of it", async () => {
  const { vault, ring, wait, issue, verify } = await start();
  vault.down = ["readVersion"];
  await expect(Promise.all([issue(), ring.find("any"), ring.list()])).rejects.toEqual(unavailable);
  await expect(ring.find("any")).rejects.toEqual(unavailable);
  expect(vault.calls.list).toBe(1);
  vault.down = [];
  wait(1_000);
  expect(await verify(await issue())).toMatchObject({ role: "owner" });
});

it("names seed-entity when the vault has no key", async () => {
  const { issue, ring } = await start({ seeded: false });
  expect(await ring.list()).toEqual([]);
  await expect(issue()).rejects.toMatchObject({
    code: "DEPENDENCY_UNAVAILABLE",
    message: expect.stringContaining("seed-entity"),
    headers: { "Retry-After": "30" },
  });
});

it("verifies with all keys of a set of an earlier release and signs with its first", async () => {
  const { add, ring } = await start({ seeded: false });
  const keys = await Promise.all([generateSigningKey(), generateSigningKey()]);
  const [signing, other] = keys.map((value) => parseSigningKeys(value)[0]);
  await add(JSON.stringify({ keys: [signing, other] }));
  expect((await ring.signingKey()).kid).toBe(signing?.kid);
  expect(await ring.find(other?.kid ?? "")).toMatchObject({ kid: other?.kid });
});

it("ignores an invalid version, logs it once and never its value, and the key before it goes on", async () => {
  const { add, ring, errors, wait, issue, verify } = await start();
  const { version } = await add("hunter2");
  for (let minute = 0; minute < 40; minute++) {
    await verify(await issue());
    wait(MINUTE);
  }
  expect(await ring.list()).toHaveLength(1);
  expect(errors).toEqual([expect.objectContaining({ version })]);
  expect(JSON.stringify(errors)).not.toContain("hunter2");
});

it("reads the 16 newest of any number of enabled versions", async () => {
  const { add, vault, ring, wait, kidOf } = await start();
  let newest: { value: string } | undefined;
  for (let each = 0; each < 20; each++) {
    wait(1_000);
    newest = await add();
  }
  expect(await ring.list()).toHaveLength(16);
  expect(vault.calls.readVersion).toBe(16);
  expect(await ring.find(kidOf(newest as { value: string }))).toBeDefined();
});
