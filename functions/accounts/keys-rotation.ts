// Replaces signing keys: at the end of their lifetime by a timer, and on request at once or because a key has leaked.
import type { KeyRing, KeyVersion } from "../lib/access/key-ring.ts";
import { stateAt } from "../lib/access/key-states.ts";
import { parseSigningKeys } from "../lib/access/signing-keys.ts";
import type { SecretVersion, Vault } from "../lib/azure/vault.ts";
import { AppError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/meter.ts";
import { secrets } from "../lib/names.ts";
import { logSecurityEvent } from "../lib/security-event.ts";
import type { StoreClock } from "../lib/store-clock.ts";

const HOUR_MS = 60 * 60_000;
const DAY_HOURS = 24;
/**
 * Key Vault never deletes a version, and its list has 25 a call. So requests stop early; the timer adds 13 a year. A
 * revocation may go on for longer, so that a thief of a token who rotates cannot prevent it.
 */
const MAX_VERSIONS_TO_ROTATE = 200;
const MAX_VERSIONS_TO_REVOKE = 400;

/** A key that was written or already existed. `createdOn` in milliseconds since 1970. */
export type NewKey = Pick<SecretVersion, "version" | "createdOn"> & { readonly id: string };

export type KeyRotation = {
  /**
   * Publishes a new key, unless one is published already that does not sign yet.
   * @throws {AppError} CONFLICT when the secret has 200 versions
   */
  rotate(): Promise<{ readonly key: NewKey; readonly isNew: boolean }>;
  /**
   * Writes a new key, then disables all others, so that a key exists at any time. After an interruption a repeat
   * completes it.
   * @returns how many versions were disabled
   * @throws {AppError} CONFLICT when the secret has 400 versions
   */
  revoke(): Promise<{ readonly key: NewKey; readonly revoked: number }>;
  /**
   * One run of the timer: writes a successor when it is due, and disables what no longer verifies.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when the vault fails; the next run completes what is left
   */
  run(context: { readonly log: Log }): Promise<void>;
};

type Options = {
  readonly vault: Pick<Vault, "list" | "write" | "disable">;
  readonly keyRing: Pick<KeyRing, "reload">;
  readonly clock: StoreClock;
  readonly meter: Meter;
  /** The value of a new version. */
  readonly generate: () => Promise<string>;
  /** Milliseconds. */
  readonly lifetimeMs: number;
  /** Milliseconds before the end of the lifetime. */
  readonly transitionMs: number;
};

export function createKeyRotation(options: Options): KeyRotation {
  const { vault, keyRing, clock, meter, generate, lifetimeMs, transitionMs } = options;
  const disable = ({ version }: { version: string }) => vault.disable(secrets.signingKeys, version);

  async function write(): Promise<NewKey> {
    const value = await generate();
    const written = await vault.write(secrets.signingKeys, value);
    return { ...written, id: parseSigningKeys(value)[0].kid };
  }
  /** This instance knows the change at once; the others list the versions within a minute. */
  const showChange = () => keyRing.reload().catch(() => {});

  return {
    async rotate() {
      const newest = (await keyRing.reload()).at(-1);
      if (newest && stateAt(newest, clock.now().latest) === "published")
        return { key: { ...newest, id: newest.keys[0].kid }, isNew: false };
      rejectMore(await vault.list(secrets.signingKeys), MAX_VERSIONS_TO_ROTATE);
      const key = await write();
      await showChange();
      return { key, isNew: true };
    },
    async revoke() {
      // Listed before the new key: of two revocations at once, neither can disable the key of the later one.
      const versions = await vault.list(secrets.signingKeys);
      rejectMore(versions, MAX_VERSIONS_TO_REVOKE);
      const enabled = versions.filter((version) => version.enabled);
      const key = await write();
      await Promise.all(enabled.map(disable));
      await showChange();
      return { key, revoked: enabled.length };
    },
    async run({ log }) {
      const versions = await keyRing.reload();
      const now = clock.now().latest;
      const newest = versions.at(-1);
      if (!newest) return log.warn("signing-keys-missing");
      let failure: unknown;
      if (now >= newest.createdOn + lifetimeMs - transitionMs) {
        try {
          const { id: key } = await write();
          log.info("signing-key-created", { key });
          await showChange();
        } catch (error) {
          failure = error;
          reportOverdue(newest, now, log);
        }
      }
      const retired = versions.filter((version) => stateAt(version, now) === "retired");
      await Promise.all(retired.map(disable));
      if (retired.length > 0) log.info("signing-keys-disabled", { disabled: retired.length });
      if (failure) throw failure;
    },
  };

  function reportOverdue({ createdOn, keys }: KeyVersion, now: number, log: Log): void {
    const overdueSince = createdOn + lifetimeMs;
    if (now >= overdueSince && isDailyRun(overdueSince, now))
      logSecurityEvent({ log, meter }, "signing-key-overdue", { key: keys[0].kid });
  }
}

function rejectMore({ length }: readonly SecretVersion[], most: number): void {
  if (length < most) return;
  const rule = `The secret "${secrets.signingKeys}" may have at most ${most} versions by requests, and has ${length}`;
  throw new AppError("CONFLICT", `${rule}: disable a leaked version in the vault, and let the timer rotate.`);
}

/**
 * Whether this hourly run is the first since then, or 24, 48, … runs after it. So any number of restarts cannot repeat
 * an event: the schedule decides, and nothing is stored. Runs are up to half an hour early or late.
 */
function isDailyRun(since: number, now: number): boolean {
  return (Math.round(now / HOUR_MS) - Math.ceil(since / HOUR_MS)) % DAY_HOURS === 0;
}
