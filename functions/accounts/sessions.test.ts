// The laws of refresh rotation over random schedules: the real code on a table in virtual time, with faults.
import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { MAX_RETIRED, RETRY_WINDOW_MS } from "./family.ts";
import { formatRefreshToken, hashOf, parseRefreshToken, SECRET_BYTES } from "./refresh-token.ts";
import { createWorld, type Faults, type Reply, refreshAsClient, type World } from "./sessions.simulation.ts";
import type { Sessions } from "./sessions.ts";

const user = { id: "owner", validFrom: 0 };
const FAULTS: Faults = { calls: 0.08, stale: 0.3 };
const NONE: Faults = { calls: 0, stale: 0 };
const MINUTE = 60_000;
/** The window of ten seconds and what clocks can differ by: a second when the entry is written, and when it is judged. */
const SURELY_LATE_MS = 12_000;

type Session = { world: World; instances: readonly Sessions[]; token: string; id: string };

/** Signs in without faults, then runs `act` under them to its end. */
async function simulate(seed: number, faults: Faults, act: (session: Session) => Promise<void>): Promise<World> {
  const active = { ...NONE };
  const world = createWorld(seed, active);
  const instances = Array.from({ length: 3 }, world.createInstance);
  const run = async () => {
    const { refreshToken: token, session: id } = await (instances[0] as Sessions).start(user, null);
    Object.assign(active, faults);
    await act({ world, instances, token, id });
  };
  const acted = run();
  await world.run();
  await Promise.race([acted, Promise.reject(new Error("The schedule did not end"))]);
  return world;
}
const seeds = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const hashIn = (token: string) => hashOf(parseRefreshToken(token)?.secret as Buffer);

describe("a session in random schedules", () => {
  it("twelve parallel refreshes of one token return one successor", async () => {
    for (const seed of seeds(40)) {
      const replies: unknown[] = [];
      const world = await simulate(seed, seed % 2 ? NONE : FAULTS, async ({ world, instances, token }) => {
        const refresh = async (_: unknown, index: number) => {
          await world.sleep(world.random() * (seed % 3) * 300);
          const { refresh } = instances[index % 3] as Sessions;
          const response = await refresh(token, 0).catch(({ code }) => code as string);
          replies.push(typeof response === "string" ? response : response?.refreshToken);
        };
        await Promise.all(Array.from({ length: 12 }, refresh));
      });
      const successors = new Set(replies.filter((reply) => reply !== "DEPENDENCY_UNAVAILABLE"));
      expect([successors.size, successors.has(undefined)], `seed ${seed}`).toEqual([1, false]);
      expect(world.securityEvents).toEqual([]);
    }
  });

  it("a genuine client alone is never signed out, however many responses are lost and retried in time", async () => {
    let refreshes = 0;
    for (const seed of seeds(150)) {
      const world = await simulate(seed, FAULTS, async ({ world, instances, token }) => {
        for (let round = 0, current = token; round < 12; round++) {
          const reply: Reply = await refreshAsClient(world, instances, current);
          expect(reply, `seed ${seed}`).not.toBe("invalid");
          // No response in time: the client may be signed out now, which is the price of detection.
          if (typeof reply === "string") return;
          refreshes += 1;
          current = reply.token;
          await world.sleep(world.random() * (world.chance(0.5) ? 500 : 15 * MINUTE));
        }
      });
      expect(world.securityEvents, `seed ${seed}`).toEqual([]);
    }
    expect(refreshes).toBeGreaterThan(1_000);
  });

  it("tokens that were retired in the last seconds lead along several rotations to the current one", async () => {
    for (const seed of seeds(40)) {
      const wayMs = seed % 2 ? 60 : 1_500;
      const world = await simulate(seed, { ...NONE, wayMs }, async ({ world, instances, token, id }) => {
        const tokens = [token];
        // The window begins when the token is replaced in the instance, before the store has done it.
        const windowMs = RETRY_WINDOW_MS - wayMs;
        for (let round = 0; round < 20; round++) {
          await world.sleep(world.random() * (seed % 4 ? 1_500 : 400));
          const young = tokens.filter((each) => {
            const retiredAt = world.retiredAt(id, hashIn(each));
            return retiredAt === undefined || world.now() - retiredAt <= windowMs;
          });
          const presented = young.at(world.chance(0.5) ? -1 : 0) as string;
          const response = await (instances[round % 3] as Sessions).refresh(presented, 0);
          expect(hashIn(response?.refreshToken ?? ""), `seed ${seed}`).toEqual(world.current(id)?.current);
          tokens.push(response?.refreshToken as string);
        }
        for (const { retired } of world.versions(id)) expect(retired.length).toBeLessThanOrEqual(MAX_RETIRED);
      });
      expect(world.securityEvents, `seed ${seed}`).toEqual([]);
    }
  });

  it("a family that two parties hold is revoked when one presents a token retired longer ago than the window", async () => {
    let detected = 0;
    for (const seed of seeds(150)) {
      const world = await simulate(seed, FAULTS, async ({ world, instances, token, id }) => {
        let isEnded = false;
        async function hold(pauseMs: number) {
          for (let round = 0, current = token; round < 12; round++) {
            await world.sleep(world.random() * pauseMs);
            const retiredAt = world.retiredAt(id, hashIn(current));
            const isLate = retiredAt !== undefined && world.now() - retiredAt > SURELY_LATE_MS;
            const wasEnded = isEnded;
            const instance = instances[Math.floor(world.random() * 3)] as Sessions;
            const reply = await instance.refresh(current, 0).catch(() => "failed" as const);
            if (reply === "failed") continue;
            if (isLate || wasEnded) expect(reply, `seed ${seed}`).toBeUndefined();
            if (isLate) expect(world.current(id)?.isRevoked, `seed ${seed}`).toBe(true);
            if (!reply) {
              isEnded = true;
              return;
            }
            current = reply.refreshToken;
          }
        }
        await Promise.all([hold(15 * MINUTE), hold(seed % 2 ? 15 * MINUTE : 5_000)]);
      });
      if (world.securityEvents.includes("security-event refresh-token-reused")) detected += 1;
    }
    expect(detected).toBe(150);
  });

  it("a guess with the right family id changes nothing", async () => {
    await simulate(1, NONE, async ({ world, instances: [sessions], token, id }) => {
      const before = world.current(id);
      const guess = { userId: user.id, familyId: id, secret: randomBytes(SECRET_BYTES) };
      for (const key of [randomBytes(SECRET_BYTES), Buffer.alloc(SECRET_BYTES)]) {
        const guessed = formatRefreshToken(key, guess);
        expect(await sessions?.refresh(guessed, 0)).toBeUndefined();
        await sessions?.revoke(guessed);
      }
      const elsewhere = formatRefreshToken(randomBytes(SECRET_BYTES), { ...guess, familyId: randomUUID() });
      expect(await sessions?.refresh(elsewhere, 0)).toBeUndefined();
      expect(world.current(id)).toEqual(before);
      expect(world.securityEvents).toEqual([]);
      expect(await sessions?.refresh(token, 0)).toBeDefined();
    });
  });
});
