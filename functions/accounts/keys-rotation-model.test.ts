// Models of the rotation of the signing keys over a long virtual time, with outages of the vault.
import fc from "fast-check";
import { expect, it } from "vitest";
import { allCalls } from "../lib/azure/memory-vault.fixture.ts";
import { createWorld, HOUR, MINUTE, START } from "./keys.simulation.ts";

it("over 90 days with outages no token is rejected before its time, and no key verifies after its own", async () => {
  const { time, vault, addInstance, seed, log, enabled, attempt } = createWorld();
  const instances = [addInstance(), addInstance(-5_000), addInstance(5_000)];
  const instance = (index: number) => instances[index % instances.length] as (typeof instances)[number];
  await seed();
  const signed = new Map<number, string>();
  /** The last time at which any instance signed with a key. */
  const lastSigned = new Map<string, number>();
  const outcomes = { verified: 0, unavailable: 0, retired: 0 };
  const step = 5;
  for (let minute = step; minute < 90 * 24 * 60; minute += step) {
    time.now = START + minute * MINUTE;
    // Half an hour without the vault in every 97 minutes, so also while a new key is being published.
    vault.down = minute % 97 < 30 ? allCalls : [];
    if (minute % 60 === 0) await attempt(instance(minute / 60).rotation.run({ log }));
    const turn = minute / step;
    const key = await attempt(instance(turn).ring.signingKey());
    if (key !== "unavailable") {
      signed.set(minute, key.kid);
      lastSigned.set(key.kid, time.now);
    } else if (vault.down.length === 0) expect.fail(`minute ${minute}: cannot sign while the vault works`);
    for (const age of [0, 5, 15]) {
      const kid = signed.get(minute - age);
      if (!kid) continue;
      const found = await attempt(instance(turn + age + 1).ring.find(kid));
      if (found === undefined) expect.fail(`minute ${minute}: rejected a token of ${kid} after ${age} minutes`);
      if (found !== "unavailable") outcomes.verified += 1;
      else if (vault.down.length > 0) outcomes.unavailable += 1;
      else expect.fail(`minute ${minute}: cannot verify while the vault works`);
    }
    for (const [kid, at] of lastSigned) {
      // The next step, 16 minutes more, and a tenth of a minute for the clocks.
      if (time.now - at <= (step + 16.1) * MINUTE) continue;
      const found = await attempt(instance(turn).ring.find(kid));
      if (found === undefined) {
        lastSigned.delete(kid);
        outcomes.retired += 1;
      } else if (found !== "unavailable" && vault.down.length === 0)
        expect.fail(`minute ${minute}: ${kid} still verifies`);
    }
  }
  vault.down = [];
  expect(outcomes.retired).toBe(3);
  expect((await enabled()).length).toBe(1);
  expect(outcomes.verified).toBeGreaterThan(50_000);
  expect(outcomes.unavailable).toBeLessThan(100);
});

it("whenever single instances lose the vault during a rotation, no other instance rejects a token before its time", async () => {
  const minutes = (from: number, to: number) => fc.integer({ min: from * 60_000, max: to * 60_000 });
  /** When an instance loses the vault, from the start of the run, and for how long. */
  const outage = fc.record({ from: minutes(5, 45), length: minutes(0, 55) });
  const runs = fc.record({
    outages: fc.array(outage, { minLength: 3, maxLength: 3 }),
    phase: fc.integer({ max: 59_999, min: 0 }),
  });
  await fc.assert(
    fc.asyncProperty(runs, async ({ outages, phase }) => {
      const { time, addInstance, seed, attempt } = createWorld();
      const instances = [addInstance(), addInstance(-5_000), addInstance(5_000)];
      await seed();
      const start = time.now + phase;
      const rotatedAt = 14 * MINUTE;
      const tokens: { kid: string; at: number }[] = [];
      for (let at = 0; at < 60 * MINUTE; at += 30_000) {
        time.now = start + at;
        const isNear = ({ from, length }: { from: number; length: number }) =>
          at >= from && at < from + length + MINUTE;
        for (const [index, instance] of instances.entries()) {
          const { from, length } = outages[index] as (typeof outages)[number];
          instance.isCutOff = at >= from && at < from + length;
        }
        if (at === rotatedAt) await seed();
        for (const [index, { ring }] of instances.entries()) {
          const key = await attempt(ring.signingKey());
          if (key !== "unavailable") tokens.push({ kid: key.kid, at });
          for (const token of tokens.filter((each) => [0, 7, 15.5].includes((at - each.at) / MINUTE))) {
            const found = await attempt(ring.find(token.kid));
            if (found === undefined) expect.fail(`${index} rejected ${token.kid} of ${token.at} at ${at}`);
            if (found === "unavailable" && !isNear(outages[index] as (typeof outages)[number]))
              expect.fail(`${index} is unavailable at ${at}`);
          }
          if (at > rotatedAt + 27 * MINUTE && !isNear(outages[index] as (typeof outages)[number]))
            expect(await ring.find("key-1"), `${index} accepts key-1 at ${at}`).toBeUndefined();
        }
      }
      expect(new Set(tokens.map(({ kid }) => kid))).toEqual(new Set(["key-1", "key-2"]));
    }),
    { numRuns: 40 },
  );
});

it("a key past its lifetime signs on, with one security event a day whatever restarts", async () => {
  const { time, vault, addInstance, seed, log, lines, attempt } = createWorld();
  time.now += 20 * MINUTE;
  await seed();
  vault.down = ["write"];
  for (let hour = 1; hour <= 33 * 24; hour++) {
    // Runs start a little early or late, each in a new process.
    time.now = START + hour * HOUR + ((hour * 7_919) % 60_000) - 30_000;
    const { rotation, ring } = addInstance();
    const outcome = await attempt(rotation.run({ log }));
    expect(outcome).toBe(hour >= 29 * 24 + 1 ? "unavailable" : undefined);
    expect((await ring.signingKey()).kid).toBe("key-1");
  }
  const events = lines.filter(({ event }) => event === "signing-key-overdue");
  expect(events.map(({ at }) => Math.round((at - START) / HOUR))).toEqual([30, 31, 32].map((day) => day * 24 + 1));
});
