// Single cases of the rotation and revocation of the signing keys in virtual time.
import { expect, it } from "vitest";
import { createWorld, DAY, HOUR, MINUTE } from "./keys.simulation.ts";

it("two instances that rotate at once publish two keys, and tokens of both verify until their time", async () => {
  const { time, vault, addInstance, seed, log, enabled } = createWorld();
  const [one, other] = [addInstance(), addInstance()];
  await seed();
  time.now += 29 * DAY;
  await Promise.all([one.rotation.run({ log }), other.rotation.run({ log })]);
  expect(vault.calls.write).toBe(3);
  expect((await one.ring.signingKey()).kid).toBe("key-1");
  time.now += 10 * MINUTE;
  const signing = await Promise.all([one.ring.signingKey(), other.ring.signingKey()]);
  expect(signing[0].kid).toBe(signing[1].kid);
  expect(signing[0].kid).not.toBe("key-1");
  expect(await other.ring.find("key-1")).toBeDefined();
  time.now += 16 * MINUTE;
  expect(await other.ring.find("key-1")).toBeUndefined();
  await one.rotation.run({ log });
  expect(await enabled()).toHaveLength(1);
  expect((await other.ring.signingKey()).kid).toBe(signing[0].kid);
});

it("a revocation is known to all instances within a minute, and the new key signs at once", async () => {
  const { time, addInstance, seed, enabled } = createWorld();
  const [one, other] = [addInstance(), addInstance()];
  await seed();
  await Promise.all([one.ring.signingKey(), other.ring.signingKey()]);
  expect(await one.rotation.revoke()).toMatchObject({ key: { id: "key-2" }, revoked: 1 });
  expect((await one.ring.signingKey()).kid).toBe("key-2");
  expect(await one.ring.find("key-1")).toBeUndefined();
  time.now += MINUTE;
  expect(await other.ring.find("key-1")).toBeUndefined();
  expect((await other.ring.signingKey()).kid).toBe("key-2");
  expect(await enabled()).toHaveLength(1);
});

it("a revocation killed between its two calls leaves a key that signs, and its repeat completes it", async () => {
  const { vault, addInstance, seed, enabled, attempt } = createWorld();
  const killed = addInstance();
  await seed();
  vault.down = ["disable"];
  expect(await attempt(killed.rotation.revoke())).toBe("unavailable");
  vault.down = [];
  const next = addInstance();
  expect((await next.ring.signingKey()).kid).toBe("key-1");
  expect(await next.rotation.revoke()).toMatchObject({ key: { id: "key-3" }, revoked: 2 });
  expect(await enabled()).toHaveLength(1);
  expect((await next.ring.signingKey()).kid).toBe("key-3");
});

it("of two revocations at once, at least one key stays enabled", async () => {
  const { addInstance, seed, enabled } = createWorld();
  const [one, other] = [addInstance(), addInstance()];
  await seed();
  await Promise.all([one.rotation.revoke(), other.rotation.revoke()]);
  expect((await enabled()).length).toBeGreaterThanOrEqual(1);
  expect(await one.ring.signingKey()).toBeDefined();
});

it("a rotation returns the key that is published already instead of another one", async () => {
  const { time, vault, addInstance, seed } = createWorld();
  const { rotation } = addInstance();
  await seed();
  expect(await rotation.rotate()).toMatchObject({ key: { id: "key-2" }, isNew: true });
  time.now += 10 * MINUTE - 1;
  expect(await rotation.rotate()).toMatchObject({ key: { id: "key-2" }, isNew: false });
  time.now += 1;
  expect(await rotation.rotate()).toMatchObject({ key: { id: "key-3" }, isNew: true });
  expect(vault.calls.write).toBe(3);
});

it("requests stop rotating at 200 versions and revoking at 400, which leaves the timer room", async () => {
  const { time, vault, addInstance, seed, log } = createWorld();
  const { rotation } = addInstance();
  const conflict = expect.objectContaining({ code: "CONFLICT" });
  for (let version = 0; version < 200; version++) await seed();
  time.now += HOUR;
  await expect(rotation.rotate()).rejects.toEqual(conflict);
  expect(await rotation.revoke()).toMatchObject({ revoked: 200 });
  for (let version = 201; version < 400; version++) await seed();
  await expect(rotation.revoke()).rejects.toEqual(conflict);
  time.now += 29 * DAY;
  await rotation.run({ log });
  expect(vault.calls.write).toBe(401);
});

it("a run of the timer killed before it disables the old version is completed by the next one", async () => {
  const { time, vault, addInstance, seed, log, enabled, attempt } = createWorld();
  await seed();
  time.now += 29 * DAY;
  await addInstance().rotation.run({ log });
  time.now += HOUR;
  vault.down = ["disable"];
  expect(await attempt(addInstance().rotation.run({ log }))).toBe("unavailable");
  expect(await enabled()).toHaveLength(2);
  vault.down = [];
  time.now += HOUR;
  await addInstance().rotation.run({ log });
  expect(await enabled()).toHaveLength(1);
});
