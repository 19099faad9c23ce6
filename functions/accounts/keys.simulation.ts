// Instances, the timer and the vault over months of virtual time. Runs the real code with tokens as (key id, time).
import { createKeyRing, type KeyRing } from "../lib/access/key-ring.ts";
import { createMemoryVault } from "../lib/azure/memory-vault.fixture.ts";
import type { Vault } from "../lib/azure/vault.ts";
import { AppError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { secrets } from "../lib/names.ts";
import { createStoreClock, startStopwatch } from "../lib/store-clock.ts";
import { createKeyRotation, type KeyRotation } from "./keys-rotation.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** A whole hour. */
export const START = 1_800_000_000_000;

export type Instance = {
  readonly ring: KeyRing;
  readonly rotation: KeyRotation;
  /** Whether this instance, and no other, cannot reach the vault. */
  isCutOff: boolean;
};

/** A key whose parts are not used: only ids matter here. */
function fakeKey(number: number): string {
  const part = "A".repeat(43);
  return JSON.stringify({ kty: "OKP", crv: "Ed25519", alg: "EdDSA", kid: `key-${number}`, x: part, d: part });
}

export function createWorld() {
  const time = { now: START };
  const vault = createMemoryVault(() => time.now);
  const lines: { message: string; event?: string; at: number }[] = [];
  const record = (message: string, fields?: object) => lines.push({ message, ...fields, at: time.now });
  const log = { info: record, warn: record, error: record } as unknown as Log;
  let keys = 0;
  const generate = async () => fakeKey(++keys);

  /** @param skewMs what its clock is ahead of the vault's */
  function addInstance(skewMs = 0): Instance {
    const wall = () => time.now + skewMs;
    const clock = createStoreClock(wall, wall);
    const reach = () => {
      if (instance.isCutOff) throw new AppError("DEPENDENCY_UNAVAILABLE", "This instance cannot reach the vault");
    };
    const reached: Pick<Vault, "list" | "readVersion"> = {
      async list(name) {
        reach();
        return vault.list(name);
      },
      async readVersion(name, version) {
        reach();
        return vault.readVersion(name, version);
      },
    };
    const ring = createKeyRing({ vault: reached, clock, log, stopwatch: () => startStopwatch(wall, wall) });
    const times = { lifetimeMs: 30 * DAY, transitionMs: DAY };
    const rotation = createKeyRotation({ vault, keyRing: ring, clock, meter: silentMeter, generate, ...times });
    const instance: Instance = { ring, rotation, isCutOff: false };
    return instance;
  }
  return {
    time,
    vault,
    lines,
    log,
    addInstance,
    /** Takes a second, since the vault's times have no milliseconds. */
    async seed() {
      await vault.write(secrets.signingKeys, await generate());
      time.now += 1_000;
    },
    enabled: async () => (await vault.list(secrets.signingKeys)).filter(({ enabled }) => enabled),
    /** What happened: the result, or "unavailable". */
    attempt: <T>(work: Promise<T>): Promise<T | "unavailable"> =>
      work.catch((error: unknown) => {
        if (error instanceof AppError && error.code === "DEPENDENCY_UNAVAILABLE") return "unavailable" as const;
        throw error;
      }),
  };
}
